package doctext

// declaration skips what begins with "<!", CDATA apart.
func (s *scanner) declaration() error {
	var head []byte
	for len(head) < 7 {
		c, err := s.one()
		if err != nil {
			return err
		}
		head = append(head, c)
		if string(head) == "--" {
			return s.skipTo("-->")
		}
		if c == '>' {
			return nil
		}
	}
	if string(head) == "[CDATA[" {
		s.cdata = true
		return nil
	}
	return s.skipDoctype()
}

// skipDoctype skips a document type with its internal subset (XML 1.0 section 2.8).
func (s *scanner) skipDoctype() error {
	brackets := 0
	var quote byte
	for {
		c, err := s.one()
		if err != nil {
			return err
		}
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			brackets++
		case c == ']':
			brackets--
		case c == '>' && brackets <= 0:
			return nil
		}
	}
}

// skipTo skips to behind a mark of two or three bytes.
func (s *scanner) skipTo(mark string) error {
	matched := 0
	for matched < len(mark) {
		c, err := s.one()
		if err != nil {
			return err
		}
		switch {
		case c == mark[matched]:
			matched++
		case c == '-' && mark == "-->" && matched == 2:
			// "--->" ends a comment too.
		case c == mark[0]:
			matched = 1
		default:
			matched = 0
		}
	}
	return nil
}
