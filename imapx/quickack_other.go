//go:build !linux

package imapx

import "net"

// quickAck does nothing: only Linux has the switch.
func quickAck(net.Conn) {}
