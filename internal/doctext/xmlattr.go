package doctext

// attr gives the first attribute of that name, without prefix or with one.
func (s *scanner) attr(name string) string {
	v, _ := s.lookup(name)
	return v
}

func (s *scanner) lookup(name string) (string, bool) {
	for _, a := range s.attrs {
		if string(s.kept[a.name.from:a.name.to]) == name {
			return string(s.kept[a.value.from:a.value.to]), true
		}
	}
	return "", false
}

// relation gives the attribute of that name that has a prefix: r:id beside id.
func (s *scanner) relation(name string) string {
	for _, a := range s.attrs {
		if a.prefixed && string(s.kept[a.name.from:a.name.to]) == name {
			return string(s.kept[a.value.from:a.value.to])
		}
	}
	return ""
}

// is reports an attribute that equals a word, without taking a copy of it.
func (s *scanner) is(name, value string) bool {
	for _, a := range s.attrs {
		if string(s.kept[a.name.from:a.name.to]) == name {
			return string(s.kept[a.value.from:a.value.to]) == value
		}
	}
	return false
}

// on reads a switch of OOXML (ST_OnOff, ISO/IEC 29500-1 section 22.9.2.7): there without a value means on.
func (s *scanner) on(name string) bool {
	v, said := s.lookup(name)
	return !said || isTrue(v)
}

func isTrue(v string) bool { return v == "1" || v == "true" || v == "on" || v == "True" }

// skip skips the rest of the element that just started.
func (s *scanner) skip() error {
	for depth := s.depth; s.depth >= depth; {
		if _, err := s.next(); err != nil {
			return err
		}
	}
	return nil
}
