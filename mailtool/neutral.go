package mailtool

import "slices"

// Neutral lists the tools that work on every backend, in no particular order.
func Neutral() []Tool {
	return slices.Concat(
		accountTools(), folderTools(), messageTools(), searchTools(), waitTools(), threadTools(), attachmentTools(),
		moveTools(), modifyTools(), deleteTools(), sendTools(),
	)
}

// paging are the parameters of every list.
type paging struct {
	Limit  int    `json:"limit,omitempty" jsonschema:"default 20" min:"1" max:"200"`
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor, unchanged" maxlen:"16384"`
}
