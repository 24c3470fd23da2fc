package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A member of a consumer group, by franz-go or sarama; groups/members.py says what it is told and what it says.

const (
	heartbeat  = 300 * time.Millisecond
	waitAtMost = 50 * time.Millisecond
)

type membership struct {
	name, group string
	topics      []string
	assignor    string
	brokers     bool // the assignor is the broker's, of the consumer protocol (KIP-848)
	session     time.Duration
	holds       atomic.Bool
	leaves      chan struct{}
}

// newMembership reads join GROUP/MEMBER GROUP TOPICS assignor=... session=..., or group.protocol=consumer group.remote.assignor=...
func newMembership(words []string) *membership {
	if len(words) < 6 || words[0] != "join" {
		die("say: franz|sarama BOOTSTRAP join GROUP/MEMBER GROUP TOPICS session=MS assignor=ASSIGNOR")
	}
	m := &membership{name: words[1], group: words[2], topics: strings.Split(words[3], ","), leaves: make(chan struct{})}
	for _, word := range words[4:] {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "assignor":
			m.assignor = value
		case "group.remote.assignor":
			m.assignor, m.brokers = value, true
		case "session":
			ms, err := strconv.Atoi(value)
			must(word, err)
			m.session = time.Duration(ms) * time.Millisecond
		}
	}
	go m.obey()
	return m
}

// say writes the line at once, so that it stays one among what others say.
func (m *membership) say(format string, arguments ...any) {
	fmt.Fprintf(os.Stdout, m.name+" "+format+"\n", arguments...)
}

func (m *membership) tell(what string, partitions map[string][]int32) {
	var names strings.Builder
	for topic, numbers := range partitions {
		for _, number := range numbers {
			fmt.Fprintf(&names, " %s:%d", topic, number)
		}
	}
	m.say("%s%s", what, names.String())
}

func (m *membership) obey() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan() && !strings.HasSuffix(lines.Text(), " leave"); {
		if strings.HasSuffix(lines.Text(), " hold") {
			m.holds.Store(true)
			m.say("holds")
		}
	}
	close(m.leaves)
}

// ---- franz-go ---------------------------------------------------------------

var franzBalancers = map[string]kgo.GroupBalancer{
	"range": kgo.RangeBalancer(), "roundrobin": kgo.RoundRobinBalancer(),
	"sticky": kgo.StickyBalancer(), "cooperative-sticky": kgo.CooperativeStickyBalancer(),
	"uniform": kgo.StickyBalancer(), // its name for the broker's
}

// franzProtocol says how to speak the consumer protocol, which the client takes for a trial still, or how quickly to speak the other one.
func (m *membership) franzProtocol() []kgo.Opt {
	if m.brokers {
		return []kgo.Opt{kgo.WithContext(context.WithValue(context.Background(), "opt_in_kafka_next_gen_balancer_beta", true))}
	}
	return []kgo.Opt{kgo.SessionTimeout(m.session), kgo.HeartbeatInterval(heartbeat)}
}

func (m *membership) commit(ctx context.Context, client *kgo.Client) {
	if !m.holds.Load() {
		_ = client.CommitUncommittedOffsets(ctx) // refused while the group rebalances; then it is done again
	}
}

func (m *membership) franzOptions() []kgo.Opt {
	return append(m.franzProtocol(),
		kgo.ClientID(m.name), kgo.ConsumerGroup(m.group), kgo.ConsumeTopics(m.topics...), kgo.Balancers(franzBalancers[m.assignor]),
		kgo.FetchMaxWait(waitAtMost), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.MetadataMaxAge(time.Second), kgo.MetadataMinAge(waitAtMost),
		kgo.BlockRebalanceOnPoll(), // what was polled is committed before something is taken away
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { m.tell("assigned", p) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, p map[string][]int32) {
			m.commit(ctx, client)
			m.tell("revoked", p)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { m.tell("lost", p) }),
	)
}

func franzMember(ctx context.Context, bootstrap string, m *membership) {
	client, err := kgo.NewClient(append(m.franzOptions(), kgo.SeedBrokers(bootstrap))...)
	must("client", err)
	for left := false; !left; {
		limited, cancel := context.WithTimeout(ctx, waitAtMost)
		fetches := client.PollFetches(limited)
		cancel()
		fetches.EachRecord(func(r *kgo.Record) { m.say("read %s:%d %d %s", r.Topic, r.Partition, r.Offset, r.Value) })
		m.commit(ctx, client)
		client.AllowRebalance()
		select {
		case <-m.leaves:
			left = true
		default:
		}
	}
	client.CloseAllowingRebalance()
	m.say("gone")
}
