package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

//go:embed page/page.html page/page.css
var pageFiles embed.FS

// pageKind is what a page has to say.
type pageKind string

const (
	pageProcessing pageKind = "processing" // the payer has come back; there is no page of the merchant's to go to
	pageSettled    pageKind = "settled"    // a pay link whose bill needs no money any more
	pageUnknown    pageKind = "unknown"    // the address is not one of ours
	pageTrouble    pageKind = "trouble"    // we cannot tell just now
)

// pageText is one page in one language.
type pageText struct{ Title, Lead, Note string }

func textsOf(language string) map[pageKind]pageText {
	if language == "ru" {
		return map[pageKind]pageText{
			pageProcessing: {
				"Вы вернулись со страницы оплаты",
				"Эту страницу можно закрыть.",
				"Если вы заплатили, магазин узнает об этом сам, как только банк подтвердит платёж: не платите ещё раз. Если нет, начните снова в магазине.",
			},
			pageSettled: {
				"Платить больше не нужно",
				"Эту страницу можно закрыть.",
				"Счёт уже оплачен или закрыт. Если это не так, начните снова в магазине.",
			},
			pageUnknown: {
				"Такого платежа нет",
				"Возможно, ссылка скопирована не полностью.",
				"Вернитесь в магазин: если вы уже заплатили, он об этом знает.",
			},
			pageTrouble: {
				"Не получается показать платёж",
				"Обновите страницу через минуту или просто закройте её.",
				"На сам платёж это не влияет: магазин узнает о результате. До этого не платите ещё раз.",
			},
		}
	}
	return map[pageKind]pageText{
		pageProcessing: {
			"You are back from the payment page",
			"You can close this page.",
			"If you have paid, the shop learns it by itself as soon as the bank confirms: do not pay again. If you have not, start again in the shop.",
		},
		pageSettled: {
			"There is nothing to pay any more",
			"You can close this page.",
			"The bill is paid or closed. If you think it is not, start again in the shop.",
		},
		pageUnknown: {
			"There is no such payment",
			"The link may not have been copied whole.",
			"Go back to the shop: if you have paid, it knows.",
		},
		pageTrouble: {
			"We cannot show your payment",
			"Reload this page in a minute, or just close it.",
			"The payment itself is not affected: the shop will learn the result. Please do not pay again before that.",
		},
	}
}

// pages are the few pages that payers see of us, each made once.
type pages struct {
	policy string
	made   map[string]map[pageKind][]byte // by language
}

func parsePages() (*pages, error) {
	style, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return nil, fmt.Errorf("read the style of the return page: %w", err)
	}
	parsed, err := template.ParseFS(pageFiles, "page/page.html")
	if err != nil {
		return nil, fmt.Errorf("parse the return page: %w", err)
	}
	// The style stands in the page, and the policy names it by its hash: the
	// page needs no second request, and nothing can be added to it.
	sum := sha256.Sum256(style)
	p := &pages{
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		made: make(map[string]map[pageKind][]byte),
	}
	for _, language := range []string{"en", "ru"} {
		p.made[language] = make(map[pageKind][]byte)
		for kind, text := range textsOf(language) {
			var b bytes.Buffer
			err := parsed.Execute(&b, struct {
				Lang  string
				Kind  pageKind
				Style template.CSS
				pageText
			}{language, kind, template.CSS(style), text}) //nolint:gosec // our own file, embedded
			if err != nil {
				return nil, fmt.Errorf("make the return page: %w", err)
			}
			p.made[language][kind] = b.Bytes()
		}
	}
	return p, nil
}

func (p *pages) write(w http.ResponseWriter, r *http.Request, status int, kind pageKind) {
	language := languageOf(r.Header)
	header := w.Header()
	header.Set("Content-Security-Policy", p.policy)
	header.Set("Content-Language", language)
	header.Add("Vary", "Accept-Language")
	writeBody(w, status, "text/html; charset=utf-8", p.made[language][kind])
}

// languageOf returns the language of ours that the browser likes best: "ru", or
// "en" for everybody else.
func languageOf(header http.Header) string {
	best, language := 0.0, "en"
	for part := range strings.SplitSeq(strings.Join(header.Values("Accept-Language"), ","), ",") {
		tag, weight := parseLanguage(part)
		if weight <= best {
			continue
		}
		switch tag {
		case "ru", "en":
			best, language = weight, tag
		}
	}
	return language
}

// parseLanguage reads "ru-RU;q=0.8" as ru and 0.8.
func parseLanguage(part string) (tag string, weight float64) {
	name, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
	if err != nil {
		return "", 0
	}
	tag, _, _ = strings.Cut(name, "-")
	q, given := parameters["q"]
	if !given {
		return tag, 1
	}
	weight, err = strconv.ParseFloat(q, 64)
	if err != nil || weight < 0 || weight > 1 {
		return "", 0
	}
	return tag, weight
}
