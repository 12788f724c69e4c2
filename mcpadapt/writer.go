package mcpadapt

import (
	"io"
	"net/http"
	"time"
)

// writeTimeout bounds one write to a client that does not read.
const writeTimeout = 30 * time.Second

// responseWriter keeps the SDK's answers uncached and turns the first result of
// a call that lacks only scopes into a challenge.
type responseWriter struct {
	http.ResponseWriter
	handler *HTTPHandler
	who     *bearer // nil without tokens
	began   bool
	refused bool // challenged; the result is dropped
	limited bool // a write's time is running
}

// Unwrap is for http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *responseWriter) WriteHeader(status int) {
	if w.began {
		return
	}
	w.began = status >= http.StatusOK
	w.Header().Set("Cache-Control", "no-store") // the SDK sets no-cache, which allows keeping
	if missing := w.who.missing(); status == http.StatusOK && len(missing) > 0 {
		w.refused = true
		w.limit()
		w.handler.challenge.insufficient(w.ResponseWriter, missing)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.refused {
		return len(p), nil
	}
	w.limit()
	return w.ResponseWriter.Write(p)
}

// WriteString implements io.StringWriter.
func (w *responseWriter) WriteString(s string) (int, error) { return io.Writer(w).Write([]byte(s)) }

// FlushError is for http.ResponseController.
func (w *responseWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	err := http.NewResponseController(w.ResponseWriter).Flush()
	w.unlimited()
	return err
}

// finish leaves no deadline to the next request on the connection.
func (w *responseWriter) finish() {
	if w.limited {
		_ = w.FlushError()
	}
}

// limit starts the time of a write. Not every ResponseWriter has deadlines.
func (w *responseWriter) limit() {
	w.limited = true
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTimeout))
}

// unlimited ends it: between writes a stream may be silent for hours.
func (w *responseWriter) unlimited() {
	w.limited = false
	c := http.NewResponseController(w.ResponseWriter)
	_ = c.SetReadDeadline(time.Time{})
	_ = c.SetWriteDeadline(time.Time{})
}
