package main

import (
	"net"
	"testing"
)

// silent is a server that takes a connection and says nothing.
type silent struct {
	addr     string
	accepted chan struct{} // closed when somebody has come
}

func listenSilently(t *testing.T) silent {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := silent{addr: listener.Addr().String(), accepted: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		first := true
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			if first {
				close(s.accepted)
				first = false
			}
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-ended
	})
	return s
}
