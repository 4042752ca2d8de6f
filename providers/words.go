package providers

import "slices"

// Words lists what the account can do as the API shows it: its operations, and
// how far they go.
func (c Capabilities) Words() []string {
	words := []string{}
	add := func(word string, can bool) {
		if can {
			words = append(words, word)
		}
	}
	add("start", c.Can(OpStart))
	add("sync", c.Can(OpSync))
	add("webhooks", c.Can(OpWebhook))
	add("two_stage", c.TwoStage)
	add("capture", c.Can(OpCapture))
	add("partial_capture", c.Can(OpCapture) && c.PartialCapture)
	add("void", c.Can(OpVoid))
	add("refund", c.Can(OpRefund))
	add("partial_refund", c.Can(OpRefund) && c.PartialRefund)
	add("expire", c.Can(OpExpire))
	add("save_card", c.Can(OpSaveCard))
	add("save_paid_card", c.Can(OpSavePaid))
	add("charge_saved", c.Can(OpChargeSaved))
	return slices.Clip(words)
}
