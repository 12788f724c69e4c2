package imapxtest

import (
	"net"
	"syscall"
)

// memoryDisk is where a server's fsync costs nothing. It is used if it has room
// for the mail of many tests; containers give it 64 MB.
const (
	memoryDisk = "/dev/shm"
	room       = 2 << 30
)

// scratchDir is where servers keep their mail; empty is the system's choice.
func scratchDir() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memoryDisk, &fs); err != nil || fs.Bavail < room/uint64(fs.Bsize) || syscall.Access(memoryDisk, 2) != nil {
		return ""
	}
	return memoryDisk
}

// hurry acknowledges what was received at once. Cyrus and Courier wait for that
// before they send the rest of an answer, and the system would wait 40 ms with
// it; it has to be said again for every read.
func hurry(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	// A proxy without it is slow, not wrong.
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
