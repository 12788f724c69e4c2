package mailtext

import "testing"

func TestParseColor(t *testing.T) {
	tests := map[string]color{
		"#fff": white, "white": white, "#ffffffff": white, "#fff0": colorClear, "rgb(255,255,255)": white, "rgb(100% 100% 100%)": white,
		"rgba(1,2,3,.01)": colorClear, "rgb(0 0 0 / 0%)": colorClear, "transparent": colorClear, "inherit": 0, "": 0, "#000": colorRGB,
		"rgb(300,-5,16)": colorRGB | 0xFF0010, "rgb(1,2)": colorOther, "rgb(a,b,c)": colorOther, "hsl(0,0%,100%)": white, "hsl(120 100% 25% / 1)": colorRGB | 0x008000, "hsla(0,0%,0%,0)": colorClear, "hwb(0 100% 0%)": white, "hwb(120 20% 80%)": colorRGB | 0x333333, "hwb(120 0% 0%)": colorOther, "hwb(1)": colorOther, "lab(100 0 0)": white, "oklch(1 0 0)": white, "oklab(0% 0 0)": colorRGB, "lab(50 0 0)": colorOther, "bogus": 0, "112233": colorRGB | 0x112233,
	}
	for in, want := range tests {
		if got := parseColor(in); got != want {
			t.Errorf("parseColor(%q) = %x, want %x", in, got, want)
		}
	}
	if got := parseColor("navy"); got != colorRGB|0x000080 {
		t.Errorf("navy is %x", got)
	}
}

func TestUnseeable(t *testing.T) {
	tests := []struct {
		name   string
		fg, bg color
		want   bool
	}{
		{"nothing said", 0, 0, false},
		{"white on the page", white, 0, true},
		{"black on the page", colorRGB, 0, false},
		{"nothing on white", 0, white, false},
		{"unknown on white", colorOther, white, false},
		{"white on a picture", white, colorOther, false},
		{"clear on a picture", colorClear, colorOther, true},
		{"close", colorRGB | 0x101010, colorRGB | 0x202020, true},
		{"less close", colorRGB | 0x101010, colorRGB | 0x102110, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := unseeable(tt.fg, tt.bg); got != tt.want {
				t.Errorf("unseeable(%x, %x) = %v", tt.fg, tt.bg, got)
			}
		})
	}
}

func TestPixels(t *testing.T) {
	for in, want := range map[string]float64{"0": 0, "-9999px": -9999, "1.5em": 24, "3pt": 4, "-100%": -1000, "0vmin": 0, "1in": 96, "1e-5px": 1e-5, "calc(1px - 1px)": 0, "min(0px, 5px)": 0, "clamp(1px, 9px, 4px)": 4} {
		if got, ok := pixels(in); !ok || got != want {
			t.Errorf("pixels(%q) = %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "auto", "px", "1vmin", "..", "--1px", "calc(1px * 2)", "min()", "calc(calc(1px))"} {
		if got, ok := pixels(in); ok {
			t.Errorf("pixels(%q) = %v", in, got)
		}
	}
}
