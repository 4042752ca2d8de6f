package ktpaysandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// receiptPDF gives out the receipt of a completed transaction.
func (v *Vendor) receiptPDF(w http.ResponseWriter, r *http.Request) {
	x, ok := v.asked(w, r)
	if !ok {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if x.State != StateCompleted {
		refuse(w, CodeReceipt.status(), CodeReceipt, because("The transaction is not completed"))
		return
	}
	at := x.StateAt.In(almaty())
	lines := []string{
		"KTPay sandbox: receipt " + fmt.Sprint(x.ID), "", "Shop: " + v.accounts[x.AppID].Shop, "Order: " + x.OrderID,
		"Amount: " + pay.Of(x.TakenMinor, pay.KZT).String(), "Card: " + x.Card, "Date: " + at.Format("2006-01-02 15:04:05 -07:00"),
		"Transaction: " + x.Hash, "", "Nothing was paid: this is a simulation.",
	}
	if x.Type == typeService {
		s, _ := findService(x.ServiceID)
		lines = append(lines[:4], append([]string{"Service: " + s.name + ", " + x.Contract}, lines[4:]...)...)
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="payment%d-%s.pdf"`, x.ID, at.Format("20060102150405")))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(pdf(lines))
}

// pdf is one page of text: the smallest file of PDF 1.4 that readers open.
func pdf(lines []string) []byte {
	var text strings.Builder
	text.WriteString("BT /F1 12 Tf 18 TL 56 780 Td\n")
	for _, line := range lines {
		fmt.Fprintf(&text, "(%s) Tj T*\n", pdfText(line))
	}
	text.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, 0, len(objects))
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

// pdfText is s in the letters that every reader has without a font file.
// Cyrillic is written in Latin letters, all else is a question mark.
func pdfText(s string) string {
	const from = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
	to := strings.Split("a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya", " ")
	latin := map[rune]string{}
	for i, c := range []rune(from) {
		latin[c] = strings.Trim(to[i], "_")
		latin[[]rune(strings.ToUpper(string(c)))[0]] = strings.ToUpper(strings.Trim(to[i], "_"))
	}
	var b strings.Builder
	for _, c := range s {
		written, isCyrillic := latin[c]
		switch {
		case isCyrillic:
			b.WriteString(written)
		case c == '(' || c == ')' || c == '\\':
			b.WriteRune('\\')
			b.WriteRune(c)
		case c >= ' ' && c <= '~':
			b.WriteRune(c)
		default:
			b.WriteRune('?')
		}
	}
	return b.String()
}
