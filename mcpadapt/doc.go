// Package mcpadapt offers a registry of mail tools over the Model Context
// Protocol, on a server of one's own or beside an embedder's tools on theirs.
//
//	server := mcpadapt.NewServer(&mcp.Implementation{Name: "mail", Version: "1"})
//	err := mcpadapt.Install(server, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(caller)})
//	err = mcpadapt.ServeStdio(ctx, server)
//
// NewHTTPHandler serves the same server over streamable HTTP, to clients of the
// stateless protocol (2026-07-28) and to those that begin with a handshake
// (2025-11-25 and before), at one address.
//
// Who calls is asked anew for every request, with that request: a session that
// one token opened gives another token nothing. Everything exported is safe for
// concurrent use.
package mcpadapt
