package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// end is what a reader finds when all is over.
type end struct {
	users         map[string]*rig.User
	gifts         map[string]*rig.Gift
	subscriptions map[string]*rig.Subscription
	refunds       map[string]*rig.Refund
}

func (e end) UserOf(_ context.Context, _, id string) (*rig.User, error) { return e.users[id], nil }
func (e end) GiftOf(_ context.Context, _, bill string) (*rig.Gift, error) {
	return e.gifts[bill], nil
}

func (e end) SubscriptionOf(_ context.Context, _, id string) (*rig.Subscription, error) {
	return e.subscriptions[id], nil
}

func (e end) RefundOf(_ context.Context, _, id string) (*rig.Refund, error) {
	return e.refunds[id], nil
}

func walletWith(balance, held int64) rig.Wallet {
	w := rig.Wallet{ID: "wal"}
	w.Balance.Amount, w.Held.Amount = balance, held
	return w
}

func giftOf(status, who string) *rig.Gift {
	return &rig.Gift{Status: status, RedeemedBy: &struct{ ID, ExternalID string }{"user", who}}
}

func subWith(statuses ...string) *rig.Subscription {
	s := &rig.Subscription{}
	for _, status := range statuses {
		s.Bills.Nodes = append(s.Bills.Nodes, rig.Bill{Status: status})
	}
	return s
}

func TestFacts_judge(t *testing.T) {
	t.Parallel()

	// One customer saved a card, filled a wallet with 100 and spent 30 of it; bob
	// redeemed a gift; a subscription was seen with two paid periods.
	tell := func() *facts {
		f := newFacts()
		f.saved("ann", "card_1")
		f.posts("ann", "bill_1", 100)
		f.posts("ann", "bill_2", -30)
		f.posts("ann", "bill_3", -30) // never paid
		f.sold("bill_4", "token")
		f.redeemed("bill_4", "bob")
		f.renewed("sub_1", 1)
		f.renewed("sub_1", 2)
		f.refunded("key", rig.Refund{ID: "ref_1", Status: "SENT"})
		f.refunded("", rig.Refund{ID: "ref_1", Status: "SUCCEEDED"})
		return f
	}
	statuses := map[string]string{"bill_1": "DONE", "bill_2": "DONE", "bill_3": "PENDING"}
	right := func() end {
		return end{
			users: map[string]*rig.User{"ann": {
				ID: "ann", Cards: []rig.Card{{ID: "card_1", Status: "ACTIVE"}}, Wallets: []rig.Wallet{walletWith(70, 0)},
			}},
			gifts:         map[string]*rig.Gift{"bill_4": giftOf("REDEEMED", "bob")},
			subscriptions: map[string]*rig.Subscription{"sub_1": subWith("DONE", "CANCELED", "DONE")},
			refunds:       map[string]*rig.Refund{"ref_1": {ID: "ref_1", Status: "SUCCEEDED"}},
		}
	}

	t.Run("WhatWasToldAndIsThereIsRight", func(t *testing.T) {
		t.Parallel()
		wrong, periods, err := tell().judge(t.Context(), right(), "sk", statuses)
		require.NoError(t, err)
		require.Empty(t, wrong)
		require.Equal(t, 2, periods)
	})

	tests := []struct {
		name  string
		spoil func(f *facts, e *end)
		rule  string
	}{
		{"CustomerIsLost", func(_ *facts, e *end) { e.users = nil }, ruleCard},
		{"CardIsLost", func(_ *facts, e *end) { e.users["ann"].Cards = nil }, ruleCard},
		{"CardIsThereTwice", func(_ *facts, e *end) { e.users["ann"].Cards = append(e.users["ann"].Cards, rig.Card{ID: "card_2"}) }, ruleCard},
		{"CardIsNotActive", func(_ *facts, e *end) { e.users["ann"].Cards[0].Status = "REMOVED" }, ruleCard},
		{"RegistrationSavesAnotherCard", func(f *facts, _ *end) { f.saved("ann", "card_2"); f.cards["ann"] = "card_1" }, ruleCard},
		{"WalletHasMore", func(_ *facts, e *end) { e.users["ann"].Wallets = []rig.Wallet{walletWith(100, 0)} }, ruleWallet},
		{"WalletHoldsSomething", func(_ *facts, e *end) { e.users["ann"].Wallets = []rig.Wallet{walletWith(70, 30)} }, ruleWallet},
		{"GiftIsLost", func(_ *facts, e *end) { e.gifts = nil }, ruleGift},
		{"GiftIsNotRedeemed", func(_ *facts, e *end) { e.gifts["bill_4"].Status = "ISSUED" }, ruleGift},
		{"GiftHasAnotherHolder", func(_ *facts, e *end) { e.gifts["bill_4"] = giftOf("REDEEMED", "cid") }, ruleGift},
		{"GiftHasTwoWinners", func(f *facts, _ *end) { f.redeemed("bill_4", "cid"); f.gifts["bill_4"] = "bob" }, ruleGift},
		{"SubscriptionIsLost", func(_ *facts, e *end) { e.subscriptions = nil }, ruleSubscription},
		{"PeriodIsLost", func(_ *facts, e *end) { e.subscriptions["sub_1"] = subWith("DONE") }, ruleSubscription},
		{"RefundIsLost", func(_ *facts, e *end) { e.refunds = nil }, ruleRefund},
		{"RefundIsNotOver", func(_ *facts, e *end) { e.refunds["ref_1"].Status = "UNKNOWN" }, ruleRefund},
		{"RefundIsTakenBack", func(_ *facts, e *end) { e.refunds["ref_1"].Status = "FAILED" }, ruleRefund},
		{"KeyMadeAnotherRefund", func(f *facts, _ *end) { f.refunds["key"] = "ref_2"; f.refunded("key", rig.Refund{ID: "ref_1"}) }, ruleRefund},
		{"PeriodIsLostMeanwhile", func(f *facts, _ *end) { f.renewed("sub_1", 1) }, ruleSubscription},
	}
	for _, tt := range tests {
		t.Run(tt.name+"IsTold", func(t *testing.T) {
			t.Parallel()
			f, e := tell(), right()
			tt.spoil(f, &e)
			wrong, _, err := f.judge(t.Context(), e, "sk", statuses)
			require.NoError(t, err)
			require.Len(t, wrong, 1)
			require.Equal(t, tt.rule, wrong[0].Rule)
		})
	}

	t.Run("WalletOfABillThatNobodyHeardOfIsNotSummed", func(t *testing.T) {
		t.Parallel()
		f, e := tell(), right()
		f.posts("ann", "", -30)
		e.users["ann"].Wallets = []rig.Wallet{walletWith(40, 0)}
		wrong, _, err := f.judge(t.Context(), e, "sk", statuses)
		require.NoError(t, err)
		require.Empty(t, wrong)
	})
}
