package main

import (
	"context"
	"errors"

	"github.com/IBM/sarama"
)

var saramaStrategies = map[string]sarama.BalanceStrategy{
	"range": sarama.NewBalanceStrategyRange(), "roundrobin": sarama.NewBalanceStrategyRoundRobin(),
	"sticky": sarama.NewBalanceStrategySticky(),
}

const commitEvery = 50

// Each generation of the group is one session: Setup, ConsumeClaim for each partition at the same time, Cleanup.
type saramaHandler struct{ *membership }

func (h saramaHandler) Setup(session sarama.ConsumerGroupSession) error {
	h.tell("assigned", session.Claims())
	return nil
}

func (h saramaHandler) Cleanup(session sarama.ConsumerGroupSession) error {
	h.commit(session)
	h.tell("revoked", session.Claims())
	return nil
}

func (h saramaHandler) commit(session sarama.ConsumerGroupSession) {
	if !h.holds.Load() {
		session.Commit()
	}
}

func (h saramaHandler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for uncommitted := 0; ; {
		select {
		case message, ok := <-claim.Messages():
			if !ok || session.Context().Err() != nil {
				return nil
			}
			h.say("read %s:%d %d %s", message.Topic, message.Partition, message.Offset, message.Value)
			session.MarkMessage(message, "")
			if uncommitted++; uncommitted == commitEvery || len(claim.Messages()) == 0 {
				h.commit(session)
				uncommitted = 0
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

func saramaConfig(m *membership) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	config.ClientID = "interop-sarama" // it takes no slash
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{saramaStrategies[m.assignor]}
	config.Consumer.Group.Session.Timeout = m.session
	config.Consumer.Group.Heartbeat.Interval = heartbeat
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.MaxWaitTime = waitAtMost
	return config
}

func saramaMember(bootstrap string, m *membership) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-m.leaves
		cancel()
	}()
	group, err := sarama.NewConsumerGroup([]string{bootstrap}, m.group, saramaConfig(m))
	must("consumer group", err)
	for ctx.Err() == nil {
		err := group.Consume(ctx, m.topics, saramaHandler{m})
		if err != nil && !errors.Is(err, context.Canceled) {
			die("%s: %v", m.name, err)
		}
	}
	must("leave", group.Close())
	m.say("gone")
}
