package doctext

// choice is an mc:AlternateContent that is open.
type choice struct {
	depth int
	taken bool
}

// choices takes the first form of what comes in several (ISO/IEC 29500-3 section 9.3) and leaves the others out: text
// boxes come twice, for newer programs and for older ones.
type choices []choice

func (c *choices) start(s *scanner) error {
	switch string(s.name) {
	case "AlternateContent":
		if len(*c) < maxNested {
			*c = append(*c, choice{depth: s.depth})
		}
	case "Choice", "Fallback":
		n := len(*c)
		if n == 0 || (*c)[n-1].depth != s.depth-1 {
			return nil
		}
		if (*c)[n-1].taken {
			return s.skip()
		}
		(*c)[n-1].taken = true
	}
	return nil
}

// end is called with every element that ends.
func (c *choices) end(s *scanner) {
	if n := len(*c); n > 0 && (*c)[n-1].depth == s.depth+1 && string(s.name) == "AlternateContent" {
		*c = (*c)[:n-1]
	}
}
