package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// document is where -write puts the tables, between two marks.
const (
	document           = "docs/BENCHMARKS.md"
	beginMark, endMark = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
	mostCold           = 20 * time.Millisecond
	mostIdle, mostPeak = 20 << 20, 40 << 20
	leastReads         = 2000 // a second, of the readers together
	targetsOf          = overStdio
	mibibyte           = 1 << 20
	columns            = "| operation | by hand | empty call | mailmcp | × by hand | CPU a call | round trips | KB from the server | answer |\n|---|---|---|---|---|---|---|---|---|\n"
	startColumns       = "| transport | cold start | empty server's | RSS idle | behind all rows | peak, 11 MB message read | tools/list |\n|---|---|---|---|---|---|---|\n"
	targetColumns      = "| target | reached | |\n|---|---|---|\n"
	moduleSDK          = "github.com/modelcontextprotocol/go-sdk"
	moduleGoIMAP       = "github.com/emersion/go-imap/v2"
)

// markdown is the report as it stands in the document.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d processors, %s/%s, %s, Dovecot %s (Maildir, no full-text index), %s, %s. %d messages, IMAP without TLS on loopback.",
		time.Now().UTC().Format("2 January 2006"), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), r.dovecot,
		r.version(moduleSDK, "MCP go-sdk"), r.version(moduleGoIMAP, "go-imap"), r.messages)
	if r.quick {
		b.WriteString(" A quick run: few repetitions.")
	}
	b.WriteString("\n\n")
	if list := r.targets(); len(list) > 0 {
		b.WriteString("### Targets, over stdio without delay\n\n" + targetColumns)
		for _, t := range list {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", t.name, t.reached, verdict(t.met))
		}
	}
	if len(r.starts) > 0 {
		b.WriteString("\n### Start and memory\n\n" + startColumns)
		for _, s := range r.starts {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", s.transport, millis(s.cold), millis(s.emptyCold),
				megabytes(s.idle), megabytes(s.used), megabytes(s.peak), bytesOf(s.tools))
		}
	}
	for _, t := range r.tables {
		fmt.Fprintf(&b, "\n### Over %s, mail server %d ms away\n\n%s", t.transport, t.delay.Milliseconds(), columns)
		for _, row := range t.rows {
			b.WriteString(row.markdown())
		}
	}
	return b.String()
}

func (r row) markdown() string {
	name := r.name
	if r.readers > 0 {
		name += fmt.Sprintf(" (%.0f/s; empty calls %.0f/s)", r.rate(), float64(r.calls)/r.empty.Seconds())
	}
	trips, fromServer := "", ""
	if r.counted {
		trips = fmt.Sprintf("%d (%d)", r.wire.ours.trips, r.wire.hands.trips)
		fromServer = fmt.Sprintf("%s (%s)", kilobytes(r.wire.ours.received), kilobytes(r.wire.hands.received))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.2f | %s | %s | %s | %s |\n", name, millis(r.raw), millis(r.empty), millis(r.took), r.ratio,
		millis(r.cpu), trips, fromServer, bytesOf(r.result))
}

// rate is how many calls a second mailmcp answers.
func (r row) rate() float64 { return float64(r.calls) / r.took.Seconds() }

// target is one promise and what became of it.
type target struct {
	name, reached string
	met           bool
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func (r *report) targets() []target {
	var out []target
	for _, t := range r.tables {
		if t.transport != targetsOf || t.delay != 0 {
			continue
		}
		for _, row := range t.rows {
			if row.most > 0 {
				out = append(out, target{
					fmt.Sprintf("%s: at most %g × by hand, plus an empty call", row.name, row.most),
					fmt.Sprintf("%.2f ×", row.ratio), row.ratio <= row.most,
				})
			}
			if row.readers > 0 {
				out = append(out, target{
					fmt.Sprintf("%d readers: at least %d reads a second", row.readers, leastReads),
					fmt.Sprintf("%.0f", row.rate()), row.rate() >= leastReads,
				})
			}
		}
	}
	for _, s := range r.starts {
		if s.transport == targetsOf {
			out = append(out,
				target{"cold start below " + millis(mostCold), millis(s.cold), s.cold < mostCold},
				target{"RSS idle below " + megabytes(mostIdle), megabytes(s.idle), s.idle < mostIdle},
				target{"RSS peak with the 11 MB message below " + megabytes(mostPeak), megabytes(s.peak), s.peak < mostPeak})
		}
	}
	return out
}

func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms >= 100:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	case ms >= 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	}
	return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
}

func megabytes(n int64) string { return strconv.FormatFloat(float64(n)/mibibyte, 'f', 1, 64) + " MB" }

func kilobytes(n int) string { return strconv.FormatFloat(float64(n)/1000, 'f', 1, 64) }

func bytesOf(n int) string {
	if n < 10_000 {
		return strconv.Itoa(n) + " B"
	}
	return strconv.Itoa((n+500)/1000) + " KB"
}

// version names a module and the version that mailmcp is built with.
func (r *report) version(module, name string) string {
	for _, m := range r.modules {
		if m.Path == module {
			return name + " " + m.Version
		}
	}
	return name
}

func firstWord(text []byte) string {
	word, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte(" "))
	return string(word)
}

// writeDocument puts the tables between the marks of the document.
func writeDocument(root, tables string) error {
	path := filepath.Join(root, filepath.FromSlash(document))
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := between(string(text), tables)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(out), 0o644)
}

func between(text, tables string) (string, error) {
	head, rest, ok := strings.Cut(text, beginMark)
	_, tail, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return "", errors.New(document + " has no marks around its tables")
	}
	return head + beginMark + "\n" + strings.TrimSpace(tables) + "\n\n" + endMark + tail, nil
}
