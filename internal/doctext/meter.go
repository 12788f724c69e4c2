package doctext

import (
	"errors"
	"io"
	"strconv"
)

var (
	// errBound ends reading because a bound was reached; what came before counts.
	errBound = errors.New("a bound was reached")
	// errFull ends reading because there is as much text as was asked for.
	errFull = errors.New("the text is full")
)

// meter keeps what one document has cost.
type meter struct {
	stopped   func() error // says why reading has to end, nil while it may go on
	lim       Limits
	inflated  int64
	truncated bool
	why       string // which bound was reached, when the text does not show it
	readErr   error  // of the part's reader
	steps     uint
}

// stepsPerLook is how many small steps go between two looks at the clock.
const stepsPerLook = 1 << 8

// step counts a small piece of work and now and then looks whether the time is up.
func (m *meter) step() error {
	m.steps++
	if m.steps%stepsPerLook == 0 {
		return m.stopped()
	}
	return nil
}

// input reads at most a number of bytes of the part, and nothing once the time is up. At the bound it ends and the
// document is truncated.
type input struct {
	r     io.Reader
	meter *meter
	left  int64
}

func (in *input) Read(p []byte) (int, error) {
	if err := in.meter.stopped(); err != nil {
		return 0, err
	}
	if in.left <= 0 {
		var one [1]byte
		n, err := io.ReadFull(in.r, one[:])
		if n > 0 {
			in.meter.truncated = true
			in.meter.why = "only the first " + size(in.meter.lim.Input) + " are read"
			return 0, io.EOF
		}
		return 0, in.failed(err)
	}
	if int64(len(p)) > in.left {
		p = p[:in.left]
	}
	n, err := in.r.Read(p)
	in.left -= int64(n)
	if err != nil {
		err = in.failed(err)
	}
	return n, err
}

func (in *input) failed(err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		in.meter.readErr = err
		return err
	}
	return io.EOF
}

// size says a number of bytes for a person.
func size(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return strconv.FormatInt(n>>20, 10) + " MB"
}
