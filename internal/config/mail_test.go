package config_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
)

func TestParseServe_Mail(t *testing.T) {
	t.Parallel()

	t.Run("WithoutAHostItIsOff", func(t *testing.T) {
		t.Parallel()
		c, err := setup(t).serve()
		require.NoError(t, err)
		require.Zero(t, c.Mail)
		require.False(t, c.Mail.Enabled())
	})

	t.Run("VariablesAreEnough", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		in.env["PAYGRAPH_SMTP_HOST"] = "smtp.example.com"
		in.env["PAYGRAPH_SMTP_USER"] = "pay"
		in.env["PAYGRAPH_SMTP_PASSWORD"] = canary
		in.env["PAYGRAPH_SMTP_FROM"] = "Pay <pay@example.com>"
		c, err := in.serve()
		require.NoError(t, err)
		require.Equal(t, config.Mail{
			Host: "smtp.example.com", Port: 587, User: "pay", Password: canary, From: "Pay <pay@example.com>", TLS: config.MailStartTLS,
		}, c.Mail)
		require.True(t, c.Mail.Enabled())
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", c.Mail, c.Mail, c.Mail), canary)
	})

	t.Run("FlagsAndAFile", func(t *testing.T) {
		t.Parallel()
		in := setup(t)
		c, err := in.serve("--smtp-host", "smtp.example.com", "--smtp-port", "2465", "--smtp-tls", "tls", "--smtp-user", "pay",
			"--smtp-from", "pay@example.com", "--smtp-password-file", in.write(t, "smtp-password", canary+"\n"))
		require.NoError(t, err)
		require.Equal(t, 2465, c.Mail.Port)
		require.Equal(t, config.MailTLS, c.Mail.TLS)
		require.Equal(t, config.Secret(canary), c.Mail.Password)
	})

	t.Run("ThePortFollowsTheTLS", func(t *testing.T) {
		t.Parallel()
		for tls, port := range map[string]int{"starttls": 587, "tls": 465, "none": 25} {
			c, err := setup(t).serve("--smtp-host", "127.0.0.1", "--smtp-from", "pay@example.com", "--smtp-tls", tls)
			require.NoError(t, err)
			require.Equal(t, port, c.Mail.Port, tls)
		}
	})

	t.Run("MistakesAreNamed", func(t *testing.T) {
		t.Parallel()
		good := []string{"--smtp-host", "smtp.example.com", "--smtp-from", "pay@example.com"}
		tests := []struct {
			name     string
			args     []string
			password string
			want     string
		}{
			{"NoSender", []string{"--smtp-host", "smtp.example.com"}, "", "--smtp-from (PAYGRAPH_SMTP_FROM): it must be set"},
			{"NoHost", []string{"--smtp-from", "pay@example.com"}, "", "--smtp-host (PAYGRAPH_SMTP_HOST): it must be set"},
			{"SenderIsNone", append(good, "--smtp-from", "pay at example"), "", "--smtp-from (PAYGRAPH_SMTP_FROM): it is not an address"},
			{"PortInTheHost", append(good, "--smtp-host", "smtp.example.com:587"), "", "--smtp-host (PAYGRAPH_SMTP_HOST): it is not a host's name"},
			{"NoSuchPort", append(good, "--smtp-port", "0"), "", `--smtp-port (PAYGRAPH_SMTP_PORT): port "0"`},
			{"NoSuchTLS", append(good, "--smtp-tls", "ssl"), "", `--smtp-tls (PAYGRAPH_SMTP_TLS): "ssl" is not one of starttls, tls, none`},
			{"PlainToAnother", append(good, "--smtp-tls", "none"), "", "--smtp-tls (PAYGRAPH_SMTP_TLS): none is for a server on this machine only"},
			{"PlainPassword", append(good, "--smtp-host", "::1", "--smtp-tls", "none", "--smtp-user", "pay"), canary, "none would send the password as it is"},
			{"NoPassword", append(good, "--smtp-user", "pay"), "", "PAYGRAPH_SMTP_PASSWORD or --smtp-password-file (PAYGRAPH_SMTP_PASSWORD_FILE): it must be set"},
			{"NoUser", good, canary, "--smtp-user (PAYGRAPH_SMTP_USER): it must be set"},
			{"TwoPasswords", append(good, "--smtp-user", "pay", "--smtp-password-file", "x"), canary, "set one of them, not both"},
			{"NoFile", append(good, "--smtp-user", "pay", "--smtp-password-file", "/nowhere/at/all"), "", "--smtp-password-file (PAYGRAPH_SMTP_PASSWORD_FILE): "},
		}
		for _, tt := range tests {
			in := setup(t)
			in.env["PAYGRAPH_SMTP_PASSWORD"] = tt.password
			_, err := in.serve(tt.args...)
			require.ErrorContains(t, err, tt.want, tt.name)
			require.NotContains(t, err.Error(), canary, tt.name)
		}
	})
}
