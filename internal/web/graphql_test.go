package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web"
)

func TestGraphQL_Authentication(t *testing.T) {
	t.Parallel()

	t.Run("TheTokenSaysWhoAsks", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		got := e.query(t, "{who}", "Authorization", "Bearer alice")
		require.Equal(t, http.StatusOK, got.status)
		require.JSONEq(t, `{"data":{"who":"user/alice"}}`, got.body)
		require.Equal(t, "USER", e.lines(t, "request")[0]["role"])
	})
	t.Run("WithoutATokenItIsNobody", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		got := e.query(t, "{who}")
		require.Equal(t, http.StatusOK, got.status)
		require.JSONEq(t, `{"data":{"who":""}}`, got.body)
		require.NotContains(t, e.lines(t, "request")[0], "role")
	})
	t.Run("ATokenThatProvesNothingIsRefused", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		got := e.query(t, "{who}", "Authorization", "Bearer "+canary, "X-Request-Id", "01890a5d-ac96-774b-bcce-b302099a8057")
		require.Equal(t, http.StatusUnauthorized, got.status)
		require.Equal(t, "Bearer", got.header.Get("Www-Authenticate"))
		require.Equal(t, "application/json", got.header.Get("Content-Type"))
		require.Equal(t, "no-store", got.header.Get("Cache-Control"))
		require.JSONEq(t, `{"errors":[{"message":"The token has expired: get a new one.",
			"extensions":{"code":"UNAUTHENTICATED","key":"auth.expired","requestId":"01890a5d-ac96-774b-bcce-b302099a8057"}}]}`, got.body)
		require.Equal(t, "auth.expired", e.lines(t, "request")[0]["refused"])
		e.noCanary(t, got)
	})
	t.Run("ATokenThatCannotBeJudgedIsNotRefused", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) { e.options.Auth = fakeAuth{down: true} })
		got := e.query(t, "{who}", "Authorization", "Bearer "+canary)
		require.Equal(t, http.StatusServiceUnavailable, got.status)
		require.NotEmpty(t, got.header.Get("Retry-After"))
		require.Contains(t, got.body, `"code":"UNAVAILABLE"`)
		require.Len(t, e.lines(t, "a token could not be judged"), 1)
		e.noCanary(t, got)
	})
}

func TestGraphQL_Introspection(t *testing.T) {
	t.Parallel()

	const document = "{__schema{queryType{name}}}"
	closed := setup(t, nil)
	require.Contains(t, closed.query(t, document, "Authorization", "Bearer alice").body, "INTROSPECTION_DISABLED")
	require.NotContains(t, closed.query(t, document, "Authorization", "Bearer admin").body, "INTROSPECTION_DISABLED")
	require.NotContains(t, closed.query(t, "{whoo}").body, "Did you mean", "no name is given away")

	open := setup(t, func(e *edge) { e.options.Explorer = http.NotFoundHandler() })
	require.NotContains(t, open.query(t, document).body, "INTROSPECTION_DISABLED")
}

func TestGraphQL_NothingSentComesBack(t *testing.T) {
	t.Parallel()

	e := setup(t, nil)
	json := []string{"Content-Type", "application/json"}
	asking := append([]string{"Expect", "100-continue"}, json...) // else the refusal and a body that nobody reads cross each other
	tests := []struct {
		fact, path, body string
		headers          []string
		want             int
	}{
		{"NoJSON", "/graphql", canary, json, http.StatusBadRequest},
		{"NoGraphQL", "/graphql", `{"query":"\"` + canary + `"}`, json, http.StatusOK},
		{"AWrongValue", "/graphql", `{"query":"{wrong(card:\"` + canary + `\")}"}`, json, http.StatusOK},
		{"AForm", "/graphql", "query=" + canary, []string{"Content-Type", "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		{"AQueryInTheAddress", "/graphql?query=" + canary, `{"query":"{who}"}`, json, http.StatusOK},
		{"TooLarge", "/graphql", `{"query":"{who}","x":"` + strings.Repeat(canary, 4000) + `"}`, asking, http.StatusRequestEntityTooLarge},
		{"APanic", "/graphql", `{"query":"{panic}"}`, json, http.StatusInternalServerError},
		{"AnOddID", "/graphql", `{"query":"{who}"}`, append([]string{"X-Request-Id", canary + ";"}, json...), http.StatusOK},
		{"AnOddPath", "/" + canary, "", nil, http.StatusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			got := e.send(t, http.MethodPost, tt.path, tt.body, tt.headers...)
			require.Equal(t, tt.want, got.status, got.body)
			require.NotEmpty(t, got.header.Get("X-Request-Id"))
			e.noCanary(t, got)
		})
	}
	caught := e.lines(t, "a panic was caught")
	require.Len(t, caught, 1)
	require.Equal(t, "string", caught[0]["panic"])
	require.NotEmpty(t, caught[0]["requestId"])
}

func TestGraphQL_CrossOrigin(t *testing.T) {
	t.Parallel()

	const shop = "https://shop.example"
	preflight := []string{"Origin", shop, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}

	t.Run("APageOfAnyOriginMayCall", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		got := e.send(t, http.MethodOptions, "/graphql", "", preflight...)
		require.Equal(t, http.StatusNoContent, got.status)
		require.Equal(t, shop, got.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "POST", got.header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, "authorization, content-type, x-request-id", got.header.Get("Access-Control-Allow-Headers"))
		require.Equal(t, "600", got.header.Get("Access-Control-Max-Age"))
		require.Empty(t, got.header.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, "Origin", got.header.Get("Vary"))

		got = e.query(t, "{who}", "Origin", shop)
		require.Equal(t, shop, got.header.Get("Access-Control-Allow-Origin"))
		got = e.query(t, "{who}", "Origin", shop, "Authorization", "Bearer x")
		require.Equal(t, http.StatusUnauthorized, got.status)
		require.Equal(t, shop, got.header.Get("Access-Control-Allow-Origin"), "a page must be able to read why")
	})
	t.Run("OnlyTheAllowedOriginsWhenThereIsAList", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) { e.options.AllowedOrigins = []string{shop} })
		require.Equal(t, shop, e.send(t, http.MethodOptions, "/graphql", "", preflight...).header.Get("Access-Control-Allow-Origin"))
		got := e.send(t, http.MethodOptions, "/graphql", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
		require.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, got.header.Get("Access-Control-Allow-Headers"))

		_, refused, err := e.dialSocket(http.Header{"Origin": {"https://evil.example"}})
		require.Error(t, err)
		require.Equal(t, http.StatusForbidden, refused)
		conn, _, err := e.dialSocket(http.Header{"Origin": {shop}})
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	})
	t.Run("OtherPathsLetNobodyIn", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		got := e.send(t, http.MethodOptions, "/return/x", "", preflight...)
		require.Equal(t, http.StatusMethodNotAllowed, got.status)
		require.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
	})
}

// dialSocket opens a socket and returns the status of a refused upgrade.
func (e *edge) dialSocket(header http.Header) (*websocket.Conn, int, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: patience}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(e.url, "http")+"/graphql", header)
	status := 0
	if response != nil {
		status = response.StatusCode
		_ = response.Body.Close()
	}
	return conn, status, err
}

// socket opens a socket, says init and closes it at the end.
func (e *edge) socket(t *testing.T, header http.Header, init string) *websocket.Conn {
	t.Helper()
	conn, _, err := e.dialSocket(header)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	say(t, conn, init)
	return conn
}

func say(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(message)))
}

func hear(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, message, err := conn.ReadMessage()
	require.NoError(t, err)
	return string(message)
}

func closeCode(t *testing.T, conn *websocket.Conn) int {
	t.Helper()
	_, _, err := conn.ReadMessage()
	closed := new(websocket.CloseError)
	require.ErrorAs(t, err, &closed)
	return closed.Code
}

func TestGraphQL_Sockets(t *testing.T) {
	t.Parallel()

	const acked = `{"type":"connection_ack"}`
	bearer := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	who := func(t *testing.T, conn *websocket.Conn) string {
		t.Helper()
		require.JSONEq(t, acked, hear(t, conn))
		say(t, conn, `{"id":"1","type":"subscribe","payload":{"query":"{who}"}}`)
		return hear(t, conn)
	}

	t.Run("InitSaysWhoItIs", func(t *testing.T) {
		t.Parallel()
		conn := setup(t, nil).socket(t, nil, `{"type":"connection_init","payload":{"Authorization":"Bearer alice"}}`)
		require.Contains(t, who(t, conn), "user/alice")
	})
	t.Run("TheHeaderWillDo", func(t *testing.T) {
		t.Parallel()
		conn := setup(t, nil).socket(t, bearer("alice"), `{"type":"connection_init"}`)
		require.Contains(t, who(t, conn), "user/alice")
	})
	t.Run("InitBeatsTheHeader", func(t *testing.T) {
		t.Parallel()
		conn := setup(t, nil).socket(t, bearer("alice"), `{"type":"connection_init","payload":{"Authorization":"Bearer admin"}}`)
		require.Contains(t, who(t, conn), "operator/admin")
	})
	t.Run("ABadInitIsNotMendedByTheHeader", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		conn := e.socket(t, bearer("alice"), `{"type":"connection_init","payload":{"authorization":"`+canary+`"}}`)
		require.Equal(t, 4403, closeCode(t, conn))
		e.noCanary(t)
	})
	t.Run("NobodyIsRefused", func(t *testing.T) {
		t.Parallel()
		conn := setup(t, nil).socket(t, nil, `{"type":"connection_init"}`)
		require.Equal(t, 4403, closeCode(t, conn))
	})
	t.Run("ABadHeaderIsRefusedBeforeTheUpgrade", func(t *testing.T) {
		t.Parallel()
		_, status, err := setup(t, nil).dialSocket(bearer(canary))
		require.Error(t, err)
		require.Equal(t, http.StatusUnauthorized, status)
	})
	t.Run("WhoCannotBeJudgedMayTryAgain", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) { e.options.Auth = fakeAuth{down: true} })
		conn := e.socket(t, nil, `{"type":"connection_init","payload":{"Authorization":"Bearer alice"}}`)
		require.Equal(t, websocket.CloseTryAgainLater, closeCode(t, conn))
	})
	t.Run("ItsLineIsThatOfASwitch", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		require.Contains(t, who(t, e.socket(t, bearer("alice"), `{"type":"connection_init"}`)), "user/alice")
		// The line is written beside the first answer, not before it.
		require.Eventually(t, func() bool { return len(e.lines(t, "request")) == 1 }, 10*time.Second, time.Millisecond)
		line := e.lines(t, "request")[0]
		require.InEpsilon(t, http.StatusSwitchingProtocols, line["status"], 0)
		require.Equal(t, "/graphql", line["route"])
		require.Equal(t, "USER", line["role"])
	})
}

func TestNew_NeedsItsServices(t *testing.T) {
	t.Parallel()

	_, err := web.New(web.Options{})
	require.Error(t, err)
}
