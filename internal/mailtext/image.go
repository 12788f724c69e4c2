package mailtext

import "strings"

// image counts an image and leaves its alternative text, if it is displayed.
func (r *renderer) image(a *attrs, d *decls, own look) {
	src := strings.ToLower(strings.TrimSpace(a.text(attrSrc)))
	if tracker(src, a, d) || isRemote(src) && (own.gone || own.vis == uint8(saysYes)) {
		r.dropped.Trackers++
		return
	}
	r.dropped.Images++
	here := own.inside(r.look())
	here.flat = 0 // a line without height grows with a picture
	if r.over > 0 || here.hidden() {
		return
	}
	alt, _ := CleanLine(a.text(attrAlt), maxAlt)
	if alt == "" {
		return
	}
	if speckled(a, d) {
		r.dropped.Hidden++
		return
	}
	r.icons.small = isIcon(a)
	r.inHidden = false
	r.w.space = r.w.space || len(r.w.out) > 0
	r.w.text("[image: "+alt+"]", false)
	r.w.space = true
}

// tracker reports a remote image of one pixel, or one whose address is made to be counted.
func tracker(src string, a *attrs, d *decls) bool {
	if !isRemote(src) {
		return false
	}
	w, wSaid := dimension(a, attrWidth, d, propWidth)
	h, hSaid := dimension(a, attrHeight, d, propHeight)
	if (w || !wSaid) && (h || !hSaid) && (wSaid || hSaid) {
		return true
	}
	for _, shape := range []string{
		"/track/open", "/wf/open", "/open.aspx", "/open.php", "/pixel.gif", "/pixel.png", "/pixel?", "/beacon", "/o.gif", "/1x1.",
		"/trk/open", "/tracking/open", "/e/o/", "/email/open", "//pixel.", "//tracking.", "google-analytics.com/", "mailtrack.io/",
		"emltrk.com/", "yesware.com/t/", "sidekickopen", "awstrack.me/i0/", "mailfoogae.appspot.com/",
	} {
		if strings.Contains(src, shape) {
			return true
		}
	}
	return false
}

// isRemote reports a source that tells its host that the mail is read.
func isRemote(src string) bool {
	return strings.HasPrefix(src, "http://") || strings.HasPrefix(src, "https://") || strings.HasPrefix(src, "//")
}

// speckled reports an image too small for its alternative text.
func speckled(a *attrs, d *decls) bool {
	w, _ := dimension(a, attrWidth, d, propWidth)
	h, _ := dimension(a, attrHeight, d, propHeight)
	return w || h
}

// dimension says whether a side is at most a pixel, and whether anything was said about it.
func dimension(a *attrs, x attr, d *decls, p prop) (tiny, said bool) {
	if s := d[p].says; s != saysNothing {
		return s == saysYes, true
	}
	if !a.has(x) {
		return false, false
	}
	return tinyBox(strings.ToLower(strings.TrimSpace(a.text(x)))), true
}
