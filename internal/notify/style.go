package notify

import "strings"

// withStyles writes the styles of a template's tags into them: mail programs keep
// a tag's own style and drop most others. It is done to the template's source,
// which is ours, and never to what people wrote.
func withStyles(source string) string {
	return strings.NewReplacer(
		`<h1>`, `<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3;font-weight:650;color:#161b2b">`,
		`<p>`, `<p style="margin:0 0 16px;color:#161b2b">`,
		`<p class="shop">`, `<p style="margin:0 0 20px;padding:0 0 16px;border-bottom:1px solid #dfe4ef;font-size:15px;font-weight:650;color:#3757e0">`,
		`<p class="note">`, `<p style="margin:0 0 12px;font-size:14px;color:#4a5367">`,
		`<p class="foot">`, `<p style="margin:16px 12px 0;font-size:13px;line-height:1.5;color:#4a5367">`,
		`<p class="code">`, `<p style="margin:0 0 20px;padding:16px 12px;background:#eef1f8;border:1px solid #dfe4ef;border-radius:10px;font:600 20px/1.4 ui-monospace,Menlo,Consolas,monospace;letter-spacing:1px;text-align:center;color:#161b2b;overflow-wrap:anywhere">`,
		`<blockquote>`, `<blockquote style="margin:0 0 20px;padding:2px 0 2px 16px;border-left:3px solid #3757e0;white-space:pre-line;overflow-wrap:anywhere;color:#161b2b">`,
		`<p class="action">`, `<p style="margin:4px 0 20px">`,
		`<a class="button"`, `<a target="_blank" rel="noopener" style="display:inline-block;padding:13px 24px;background:#2f4fd0;border-radius:10px;color:#ffffff;font-weight:650;text-decoration:none"`,
		`<table class="facts">`, `<table width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px;border-collapse:collapse;font-size:15px">`,
		`<th scope="row">`, `<th scope="row" align="left" style="padding:8px 12px 8px 0;border-bottom:1px solid #eef1f8;font-weight:400;text-align:left;vertical-align:top;color:#4a5367;overflow-wrap:anywhere">`,
		`<td class="value">`, `<td align="right" style="padding:8px 0;border-bottom:1px solid #eef1f8;text-align:right;vertical-align:top;color:#161b2b;overflow-wrap:anywhere">`,
		`<td class="total">`, `<td align="right" style="padding:8px 0;border-bottom:1px solid #eef1f8;text-align:right;vertical-align:top;font-weight:650;white-space:nowrap;color:#161b2b">`,
	).Replace(source)
}
