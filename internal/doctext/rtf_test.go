package doctext_test

import "testing"

func rtfSamples() []sample {
	return []sample{
		{"word", "rtf", []byte(`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Calibri;}{\f1\fcharset204 Arial Cyr;}}{\colortbl ;\red255\green255\blue255;\red0\green0\blue0;}` +
			`{\*\generator Riched20;}{\stylesheet{\s1 heading 1;}}{\info{\author SECRET}}\pard\b Gr\'fc\'dfe\b0  \u8364?100 \u-10179?\u-8704? \{x\}\par` + "\r\n" +
			`{\f1 \'cf\'f0\'e8}{\v SECRET hidden}{\cf1 SECRET white}{\cf1\highlight2 white on black} {\fs2 SECRET tiny}\emdash  end\par` +
			`{\pict\pngblip 89504e470d0a}{\field{\*\fldinst HYPERLINK "https://example.org"}{\fldrslt link}}{\deleted gone}\line next\par` +
			`\trowd\cellx100\cellx200 A\cell B\cell\row\pard tail}`)},
		{"unicode", "rtf", []byte(`{\rtf1\ansi\uc2\u12354\'82\'a0{\uc0\u12356}\uc1\u12358?!{\*\unknown SECRET {nested}}{\*\shppict{\pict ff}}{\nonshppict{\pict ff}}\~x\_y\bin4 abcdz}`)},
		{"shift-jis", "rtf", []byte("{\\rtf1\\ansi\\ansicpg932 \\'93\\'fa\\'96\\'7b}")},
		{"cut", "rtf", []byte(`{\rtf1 half\par a line \b`)},
		{"deep", "rtf", []byte(`{\rtf1 top` + repeat("{", 5000) + `deep\v SECRET` + repeat("}", 5000) + ` back}`)},
	}
}

func repeat(s string, n int) string {
	out := make([]byte, 0, len(s)*n)
	for range n {
		out = append(out, s...)
	}
	return string(out)
}

func TestRTF(t *testing.T) { compareSamples(t, rtfSamples()) }
