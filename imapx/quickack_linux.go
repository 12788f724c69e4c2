package imapx

import (
	"net"
	"syscall"
)

// quickAck makes the kernel acknowledge the next segment at once: servers that
// leave Nagle's algorithm on (Cyrus, Courier) otherwise pause 40 ms in every
// answer above one segment. It is a hint: failing costs nothing but time.
func quickAck(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if rc, err := tcp.SyscallConn(); err == nil {
		_ = rc.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
		})
	}
}
