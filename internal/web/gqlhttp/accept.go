package gqlhttp

import (
	"mime"
	"strconv"
	"strings"
)

const (
	mediaJSON        = "application/json"
	mediaGraphQL     = "application/graphql-response+json"
	mediaEventStream = "text/event-stream"
)

// negotiate picks the media type of an answer: graphql-response+json for the
// client that names it and likes it no less than json, json for all others,
// also for those that accept neither (the draft allows it, and an error they
// can read beats a 406).
func negotiate(accept []string) string {
	graphQL := quality(accept, mediaGraphQL)
	if graphQL > 0 && graphQL >= quality(accept, mediaJSON) {
		return mediaGraphQL
	}
	return mediaJSON
}

// quality returns the weight at which the Accept lines name mediaType itself,
// 0 if they do not. Wildcards count for nothing here: they mean "anything",
// and json is our anything.
func quality(accept []string, mediaType string) float64 {
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			name, parameters, err := mime.ParseMediaType(part)
			if err != nil || name != mediaType {
				continue
			}
			q, given := parameters["q"]
			if !given {
				return 1
			}
			if weight, err := strconv.ParseFloat(q, 64); err == nil {
				return weight
			}
		}
	}
	return 0
}
