package doctext

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// chunkSize is large enough that 25 MB are a hundred pieces, small enough that the last one wastes little.
const chunkSize = 256 << 10

// chunks holds a whole part in pieces, so that keeping it costs its size and not three times that, as growing one
// slice would.
type chunks struct {
	list [][]byte
	size int64
}

// hold keeps the part for reading at any place. A part that is in memory already is used as it stands.
func (in *input) hold() (io.ReaderAt, int64, error) {
	if b, ok := in.r.(*bytes.Reader); ok && b.Size() == int64(b.Len()) {
		if b.Size() > in.left {
			in.meter.truncated = true
			in.meter.why = "only the first " + size(in.meter.lim.Input) + " are read"
			return io.NewSectionReader(b, 0, in.left), in.left, nil
		}
		return b, b.Size(), nil
	}
	c := new(chunks)
	for {
		piece := make([]byte, chunkSize)
		n, err := io.ReadFull(in, piece)
		if n > 0 {
			if n < chunkSize {
				piece = slices.Clone(piece[:n])
			}
			c.list = append(c.list, piece)
			c.size += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return c, c.size, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

func (c *chunks) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	done := 0
	for done < len(p) && off < c.size {
		n := copy(p[done:], c.list[off/chunkSize][off%chunkSize:])
		done += n
		off += int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}
