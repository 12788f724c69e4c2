package mailtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is a line of the header that mail programs copy above what they quote.
type field uint8

const (
	fieldNone field = 0
	fieldFrom field = 1 << (iota - 1)
	fieldDate
	fieldTo
	fieldCopy
	fieldSubject
)

// fieldOf knows the names of the fields, in lower case.
func fieldOf(name string) field {
	switch name {
	case "from", "von", "de", "da", "van", "fra", "från", "lähettäjä", "od", "feladó", "de la", "от", "від", "από", "kimden", "gönderen",
		"מאת", "من", "از", "فرستنده", "发件人", "寄件者", "寄件人", "發件人", "差出人", "送信者", "送信元", "보낸 사람", "보낸사람", "보낸이", "từ",
		"người gửi", "dari", "pengirim", "absender", "expéditeur", "mittente", "remitente", "remetente", "afzender", "afsender", "avsender", "avsändare",
		"nadawca", "odesílatel", "odosielateľ", "expeditor", "отправитель", "відправник", "αποστολέας":
		return fieldFrom
	case "sent", "date", "gesendet", "datum", "envoyé", "enviado", "enviado el", "enviada em", "enviado em", "enviada", "fecha", "data", "inviato",
		"inviato il", "verzonden", "sendt", "dato", "skickat", "skickat den", "lähetetty", "päivämäärä", "päiväys", "wysłano", "wysłane", "odesláno",
		"odoslané", "dátum", "elküldve", "küldve", "küldés dátuma", "trimis", "trimis la", "dată", "отправлено", "дата", "дата отправки", "надіслано",
		"відправлено", "στάλθηκε", "ημερομηνία", "gönderildi", "gönderme tarihi", "gönderim tarihi", "tarih", "נשלח", "תאריך", "تاريخ الإرسال",
		"تم الإرسال", "التاريخ", "تاریخ", "تاریخ ارسال", "发送时间", "发送日期", "日期", "时间", "傳送時間", "寄件日期", "時間", "送信日時", "日時",
		"送信日", "日付", "보낸 날짜", "보낸날짜", "날짜", "ngày", "đã gửi", "gửi", "ngày gửi", "dikirim", "terkirim", "tanggal":
		return fieldDate
	case "to", "an", "à", "para", "a", "aan", "til", "till", "vastaanottaja", "do", "komu", "címzett", "către", "pentru", "pre", "кому", "до",
		"προς", "kime", "alıcı", "אל", "إلى", "الى", "به", "گیرنده", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "받는이", "đến", "tới",
		"người nhận", "kepada", "ke", "destinataire", "destinatario", "destinatário", "ontvanger", "empfänger":
		return fieldTo
	case "cc", "bcc", "kopie", "copie", "kopia", "kopio", "kopi", "копия", "копія", "másolatot kap", "másolat", "κοιν", "κοιν.", "bilgi", "עותק",
		"نسخة", "رونوشت", "抄送", "副本", "ccn", "dw", "cópia", "copia", "참조", "tembusan", "reply-to", "antwort an", "répondre à":
		return fieldCopy
	case "subject", "betreff", "objet", "sujet", "asunto", "assunto", "oggetto", "onderwerp", "emne", "ämne", "aihe", "temat", "předmět", "predmet",
		"tárgy", "subiect", "тема", "θέμα", "konu", "נושא", "הנדון", "الموضوع", "موضوع", "主题", "主旨", "主題", "標題", "件名", "제목", "chủ đề",
		"tiêu đề", "perihal", "subjek", "subyek":
		return fieldSubject
	}
	return fieldNone
}

// saysWrote finds the words that lines such as "On Monday, Ann wrote:" are known by and returns its end, or -1.
func saysWrote(lower string) int {
	return endOfAny(lower, bothEdges,
		"wrote", "writes", "quoting", "zitat von", "schrieb", "schreibt", "geschrieben", "écrit", "escribió", "escribio", "escreveu", "ha scritto", "scrive", "schreef", "geschreven", "skrev",
		"kirjoitti", "napisał", "napisała", "pisze", "napsal", "napsala", "napísal", "napísala", "írta", "a scris", "написал", "написала", "писал", "писала",
		"пишет", "пише", "написав", "написала", "έγραψε", "yazdı", "כתב", "כתבה", "كتب", "كتبت", "كتابة", "نوشت", "đã viết", "menulis",
		"写道", "寫道", "书写", "書きました", "のメール", "が書いた", "작성", "쓴 글",
	)
}

// saysOriginal finds what stands in the line above a quoted message, between dashes.
func saysOriginal(lower string) bool {
	return hasAny(lower, bothEdges,
		"original message", "originalnachricht", "ursprüngliche nachricht", "ursprüngl. nachricht", "original-nachricht", "message d'origine",
		"message d’origine", "message original", "message initial", "mensaje original", "mensagem original", "messaggio originale",
		"oorspronkelijk bericht", "origineel bericht", "originele bericht", "oprindelig meddelelse", "original meddelelse", "opprinnelig melding",
		"original melding", "ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość",
		"původní zpráva", "pôvodná správa", "eredeti üzenet", "mesaj original", "mesajul original", "исходное сообщение", "оригинальное сообщение",
		"первоначальное сообщение", "вихідне повідомлення", "оригінальне повідомлення", "αρχικό μήνυμα", "özgün ileti", "orijinal mesaj",
		"orijinal ileti", "ההודעה המקורית", "הודעה מקורית", "الرسالة الأصلية", "پیام اصلی", "原始邮件", "原邮件", "原始郵件", "原始訊息",
		"元のメッセージ", "オリジナルメッセージ", "original mail", "원본 메시지", "원본 메일", "원본메일", "tin nhắn gốc", "thư gốc", "pesan asli", "reply message",
	)
}

// saysForwarded finds what stands in the line above a message that is passed on.
func saysForwarded(lower string) bool {
	return hasAny(lower, bothEdges,
		"forwarded message", "forwarded by", "weitergeleitete nachricht", "weitergeleiteten nachricht", "message transféré", "message transmis",
		"message réexpédié", "mensaje reenviado", "mensagem encaminhada", "mensagem reencaminhada", "messaggio inoltrato", "doorgestuurd bericht",
		"videresendt", "videresendte", "vidarebefordrat", "välitetty viesti", "edelleenlähetetty", "przekazana wiadomość", "wiadomość przekazana",
		"przekazywanej wiadomości", "přeposlaná zpráva", "přeposlané zprávy", "preposlaná správa", "preposlanej správy", "továbbított üzenet",
		"mesaj redirecționat", "mesaj redirecţionat", "mesaj redirectionat", "mesaj reexpediat", "пересылаемое сообщение", "пересланное сообщение",
		"переслане повідомлення", "προωθημένο μήνυμα", "iletilmiş mesaj", "iletilen mesaj", "iletilen ileti", "הודעה שהועברה", "رسالة محولة",
		"رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "پیام هدایت شده", "پیام هدایت\u200cشده", "转发的邮件", "转发邮件", "轉寄的郵件", "轉寄郵件", "轉寄的訊息",
		"転送メッセージ", "転送されたメッセージ", "전달된 메시지", "전달된 메일", "전달 메시지", "thư được chuyển tiếp", "thư đã chuyển tiếp", "pesan yang diteruskan",
		"pesan terusan", "resent message",
	)
}

// saysSentWith reports how the lines begin, or in some languages end, that phones put below a mail.
func saysSentWith(lower string) bool {
	lower = strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, words := range []string{
		"sent from", "sent via", "sent with", "sent by", "get outlook for", "get [outlook for", "outlook for ios", "outlook for android",
		"von meinem", "gesendet von", "gesendet mit", "gesendet über", "diese nachricht wurde von meinem", "outlook für ios", "outlook für android",
		"envoyé de", "envoyé depuis", "envoyé à partir", "télécharger outlook", "enviado desde", "enviado do", "enviado a partir", "enviado de", "enviado via",
		"obtener outlook", "obter o outlook", "inviato da", "scarica outlook", "verstuurd vanaf", "verzonden vanaf", "verzonden met", "outlook voor", "sendt fra",
		"hent outlook", "skickat från", "hämta outlook", "lähetetty", "wysłane z", "wysłano z", "odesláno z", "odoslané z", "trimis de pe", "trimis din",
		"отправлено с", "отправлено из", "надіслано з", "відправлено з", "στάλθηκε από", "נשלח מ", "تم الإرسال من", "أرسلت من", "ارسال شده از",
		"فرستاده شده از", "发自我的", "从我的", "從我的", "傳送自", "发送自", "đã gửi từ", "được gửi từ", "gửi từ", "dikirim dari", "dikirim melalui",
	} {
		if strings.HasPrefix(lower, words) {
			return true
		}
	}
	for _, words := range []string{"küldve", "gönderildi", "から送信", "에서 보냄", "에서 보냈습니다"} {
		if strings.HasSuffix(lower, words) {
			return true
		}
	}
	return false
}

// saysDevice finds what such a line names.
func saysDevice(lower string) bool {
	return hasAny(lower, noEdge,
		"iphon", "ipad", "ipod", "ios", "android", "galaxy", "samsung", "huawei", "xiaomi", "redmi", "blackberry", "outlook", "yahoo", "gmail", "proton",
		"spark", "superhuman", "windows", "nokia", "mobil", "mobile", "handy", "smartphone", "telefon", "phone", "móvil", "celular", "telefono", "téléphone",
		"mail.ru", "яндекс", "yandex", "телефон", "手机", "手機", "mailspring", "airmail", "tutanota", "tuta", "thunderbird", "gmx", "web.de", "網易", "网易", "foxmail",
	)
}

// saysBelow finds words by which a short note sends the reader to what stands under it.
func saysBelow(lower string) bool {
	return hasAny(lower, bothEdges,
		"fyi", "fya", "see below", "please see the below", "mail below", "email below", "message below", "comments below", "answers below", "below in red", "in red", "inline",
		"siehe unten", "s. u.", "s.u.", "z.k.", "zk", "zur info", "zur information", "zur kenntnis", "voir ci-dessous", "ci-dessous", "pour info", "pour information", "en rouge",
		"ver abajo", "más abajo", "para su información", "para tu información", "abaixo", "para conhecimento", "vedi sotto", "qui sotto", "per conoscenza", "zie onderstaand", "zie hieronder", "ter info",
		"se nedenfor", "til info", "se nedan", "för kännedom", "ks. alla", "tiedoksi", "poniżej", "do wiadomości", "viz níže", "na vědomí", "lásd alább", "vezi mai jos",
		"см. ниже", "ниже", "див. нижче", "δείτε παρακάτω", "aşağıda", "bilgi için", "ראה למטה", "انظر أدناه", "见下", "如下", "請見下", "下記", "ご参考", "아래",
		"xem bên dưới", "lihat di bawah",
	)
}

// edge says on which sides of a word no letter may stand.
type edge uint8

const (
	noEdge    edge = 0
	leftEdge  edge = 1
	bothEdges edge = 3
)

// hasAny reports that one of the words stands in s.
func hasAny(s string, sides edge, words ...string) bool { return endOfAny(s, sides, words...) >= 0 }

// endOfAny returns the end of one of the words in s, -1 if none stands there. Scripts without blanks have no edges.
func endOfAny(s string, sides edge, words ...string) int {
	for _, w := range words {
		for from := 0; ; {
			at := strings.Index(s[from:], w)
			if at < 0 {
				break
			}
			at, from = at+from, at+from+len(w)
			before, _ := utf8.DecodeLastRuneInString(s[:at])
			after, _ := utf8.DecodeRuneInString(s[from:])
			first, _ := utf8.DecodeRuneInString(w)
			if cjk(first) || (sides&leftEdge == 0 || !unicode.IsLetter(before)) && (sides != bothEdges || !unicode.IsLetter(after)) {
				return from
			}
		}
	}
	return -1
}

func cjk(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7AF
}

// passesOn reports a subject whose first mark is that of a message passed on, as in "Fwd: Re: pump".
func passesOn(subject string) bool {
	mark, _, ok := strings.Cut(strings.ReplaceAll(strings.TrimLeft(subject, " [("), "：", ":"), ":")
	if !ok || len(mark) > 24 {
		return false
	}
	switch strings.ToLower(strings.TrimRight(mark, " [])0123456789")) {
	case "fw", "fwd", "wg", "tr", "rv", "enc", "i", "vb", "vs", "vl", "pd", "doorst", "fs", "továbbítás", "redirecționat", "transféré", "reenv", "reenviado",
		"encaminhado", "inoltro", "inoltra", "weitergeleitet", "пересл", "пересылка", "перенаправлено", "πρθ", "προωθ", "i̇lt", "ilt", "הועבר",
		"إعادة توجيه", "转发", "转寄", "轉寄", "轉發", "転送", "전달", "chuyển tiếp", "terusan":
		return true
	}
	return false
}
