// Package postern is the overview of a library that gives an AI agent a
// mailbox, and gives the mailbox's owner the say over what the agent may do
// with it. It holds no code: import the packages below it.
package postern
