package provider

import (
	"math/bits"
	"strings"
)

// Capability names one thing a backend may be able to do. The zero value is none.
type Capability uint8

// The capabilities, each with the interface that carries it.
const (
	_             Capability = iota
	CapFolders               // Folders
	CapFolderEdit            // FolderEditor
	CapRead                  // Reader
	CapSearch                // Searcher
	CapModify                // Modifier
	CapMove                  // Mover
	CapDelete                // Deleter, to Trash
	CapPurge                 // Deleter, for good
	CapSend                  // Sender
	CapWatch                 // Watcher
	CapThread                // Threader
	CapHandled               // Handled is kept: set by Modifier, known to Reader and Searcher
	lastCapability
)

func capabilityNames() [lastCapability]string {
	return [...]string{"", "folders", "folder_edit", "read", "search", "modify", "move", "delete", "purge", "send", "watch", "thread", "handled"}
}

// String returns the name used in answers, or "" for an unknown value.
func (c Capability) String() string {
	if c >= lastCapability {
		return ""
	}
	return capabilityNames()[c]
}

// CapabilitySet is a set of capabilities. The zero value is empty.
type CapabilitySet uint32

// Caps makes a set. Values that are no capability are left out.
func Caps(cs ...Capability) CapabilitySet {
	var s CapabilitySet
	for _, c := range cs {
		if c > 0 && c < lastCapability {
			s |= 1 << c
		}
	}
	return s
}

// AllCaps is the set of every capability.
func AllCaps() CapabilitySet { return 1<<lastCapability - 2 }

// Has reports whether s holds all of want. Nothing is held by every set.
func (s CapabilitySet) Has(want CapabilitySet) bool { return s&want == want }

// Can reports whether s holds c.
func (s CapabilitySet) Can(c Capability) bool { return c > 0 && c < lastCapability && s&(1<<c) != 0 }

// Slice lists the members in the order of the constants.
func (s CapabilitySet) Slice() []Capability {
	out := make([]Capability, 0, bits.OnesCount32(uint32(s)))
	for c := Capability(1); c < lastCapability; c++ {
		if s.Can(c) {
			out = append(out, c)
		}
	}
	return out
}

// String lists the names, separated by spaces.
func (s CapabilitySet) String() string {
	names := make([]string, 0, int(lastCapability))
	for _, c := range s.Slice() {
		names = append(names, c.String())
	}
	return strings.Join(names, " ")
}

// implemented is what p's code offers, whatever its server says.
func implemented(p Provider) CapabilitySet {
	var s CapabilitySet
	add := func(ok bool, cs ...Capability) {
		if ok {
			s |= Caps(cs...)
		}
	}
	_, ok := p.(Folders)
	add(ok, CapFolders)
	_, ok = p.(FolderEditor)
	add(ok, CapFolderEdit)
	_, ok = p.(Reader)
	add(ok, CapRead)
	_, ok = p.(Searcher)
	add(ok, CapSearch)
	_, ok = p.(Modifier)
	add(ok, CapModify, CapHandled)
	_, ok = p.(Mover)
	add(ok, CapMove)
	_, ok = p.(Deleter)
	add(ok, CapDelete, CapPurge)
	_, ok = p.(Sender)
	add(ok, CapSend)
	_, ok = p.(Watcher)
	add(ok, CapWatch)
	_, ok = p.(Threader)
	add(ok, CapThread)
	return s
}
