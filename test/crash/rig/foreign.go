package rig

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Foreign opens a payment that is not the servers': of another program at their
// terminal. It returns the page that takes it. Amount is in kopecks.
func (s *Sandbox) Foreign(ctx context.Context, order string, amount int64) (page string, err error) {
	data := fmt.Sprintf("SessionType=Pay;OrderId=%s;Amount=%d;Product=A book", order, amount)
	form := url.Values{"Key": {"Merchant"}, "Data": {data}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/payture/apim/Init", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("open a foreign payment: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("open a foreign payment: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("open a foreign payment: %w", err)
	}
	var answer struct {
		Session string `xml:"SessionId,attr"`
	}
	if err := xml.Unmarshal(text, &answer); err != nil || answer.Session == "" {
		return "", fmt.Errorf("open a foreign payment: the sandbox answered %s", text)
	}
	return s.URL + "/payture/apim/Pay?SessionId=" + url.QueryEscape(answer.Session), nil
}
