package mailtext

import "strings"

const (
	// maxIcon is the width and height in pixels up to which a linked picture is a sign to press.
	maxIcon = 48
	// iconRow is how many of them with nothing between are a row: senders end a mail with their places on the net so. One or
	// two may be what the mail is about.
	iconRow = 3
)

// icons is the row of linked signs at the end of what is written.
type icons struct {
	count int
	end   int      // where the last one ends in the writer's output
	begin snapshot // before the first
	link  snapshot // before the link at hand
	small bool     // the link at hand holds a sign
}

// snapshot is where the text was.
type snapshot struct {
	out, targets, breaks int
	lastQuote            int
	tables               []table
}

// beginIcon notes where a link begins.
func (r *renderer) beginIcon() {
	at := &r.icons.link
	at.out, at.targets, at.breaks, at.lastQuote = len(r.w.out), len(r.linked.targets), r.w.breaks, r.w.lastQuote
	at.tables = append(at.tables[:0], r.w.tables...)
	r.icons.small = false
}

// isIcon reports a picture that says it is as small as a sign.
func isIcon(a *attrs) bool {
	w, ok := pixels(strings.TrimSpace(a.text(attrWidth)))
	h, ok2 := pixels(strings.TrimSpace(a.text(attrHeight)))
	return ok && ok2 && w <= maxIcon && h <= maxIcon
}

// isNetwork reports the name of a place on the net that senders link to beside what they say. Other small pictures in a
// row ask something: faces to rate by, days to choose from.
func isNetwork(alt string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(alt), func(r rune) bool { return r < 'a' || r > 'z' }) {
		switch word {
		case "facebook", "instagram", "twitter", "x", "linkedin", "youtube", "pinterest", "tiktok", "whatsapp", "telegram", "mastodon",
			"threads", "bluesky", "github", "gitlab", "discord", "reddit", "vimeo", "snapchat", "spotify", "medium", "xing", "weibo",
			"wechat", "line", "vk", "tumblr", "flickr", "twitch", "slack", "signal", "rss", "website", "blog", "email":
			return true
		}
	}
	return false
}

// endIcon drops a row of signs. text is what the link at hand shows.
func (r *renderer) endIcon(text string) {
	row := &r.icons
	if !row.small || r.w.full || !strings.HasPrefix(text, "[image: ") || strings.IndexByte(text, ']') != len(text)-1 || !isNetwork(text[len("[image: "):]) {
		row.count = 0
		return
	}
	if row.count == 0 || row.end != row.link.out {
		row.count = 0
		row.begin, row.link = row.link, row.begin // the slice of tables changes its owner as well
	}
	row.count++
	if row.count >= iconRow {
		r.backTo(&row.begin)
	}
	row.end = len(r.w.out)
}

// backTo takes back what was written since.
func (r *renderer) backTo(at *snapshot) {
	w := &r.w
	w.out = w.out[:at.out]
	w.breaks, w.space, w.glued, w.lastQuote, w.item = max(at.breaks, w.breaks, 1), true, false, at.lastQuote, ""
	for i := range w.tables {
		t := &w.tables[i]
		was := table{}
		if i < len(at.tables) {
			was = at.tables[i]
		}
		t.filled, t.joined, t.multi, t.tight = was.filled, was.joined, was.multi, was.tight
	}
	for _, target := range r.linked.targets[at.targets:] {
		delete(r.linked.numbers, target.text(r.linked.full))
	}
	r.linked.targets = r.linked.targets[:at.targets]
	for i := range r.regions {
		r.regions[i].from, r.regions[i].to = min(r.regions[i].from, at.out), min(r.regions[i].to, at.out)
	}
}
