package payture

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// ActivateCard makes an added card usable with Activate, which has to name the sum
// that was held when the card was tried: StartCard's amount. Whether cards wait for
// it is the add scheme of the terminal (Payture docs, ewallet/cards/add). It may be
// repeated: an active card stays active (recorded 2019).
//
// Rejected means that the card stays as it is. REFUSAL_BY_GATE is the answer while
// its owner is at the bank's page (recorded 2019).
func (c *Client) ActivateCard(ctx context.Context, who providers.Customer, ref string, amount pay.Money) error {
	const op, act = providers.OpSaveCard, "activate the card"
	wallet, known, err := c.customerFor(op, who)
	if err != nil {
		return err
	}
	if err := c.checkAmount(op, amount); err != nil {
		return err
	}
	if !isCardRef(ref) {
		return failure(op, providers.Rejected, "", fmt.Errorf("%s: %w", act, errNoCardRef))
	}
	answer, trouble := c.sendAs(ctx, known, wallet.AddTerminal, "Activate", pair{"CardId", ref}, pair{"Amount", fmt.Sprint(amount.Amount)})
	if trouble != nil {
		return trouble.ofChange(op, act)
	}
	return answer.aboutCard(op, act, known, ref)
}
