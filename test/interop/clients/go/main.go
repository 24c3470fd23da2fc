// A Go client (franz-go) that sends the interop data set, and fetches it and checks every byte.
//
//	go produce BOOTSTRAP COUNT PREFIX KIND...   creates topic PREFIX-KIND and sends COUNT records, for each KIND
//	go fetch BOOTSTRAP COUNT TOPIC...           expects exactly these COUNT records in each topic
//
// KIND is a codec (none gzip snappy lz4 zstd: acks=all, not idempotent), idempotent, acks-1 or acks-0.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	partitionCount = 3
	patience       = 30 * time.Second
)

func die(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "go: "+format+"\n", arguments...)
	os.Exit(1)
}

func must(what string, err error) {
	if err != nil {
		die("%s: %v", what, err)
	}
}

func newClient(bootstrap string, options ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(bootstrap), kgo.ClientID("interop-go"))...)
	must("client", err)
	return client
}

// ---- produce ----------------------------------------------------------------

func kindOptions(kind string) []kgo.Opt {
	codecs := map[string]kgo.CompressionCodec{
		"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	options := []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(5 * time.Millisecond)}
	if codec, ok := codecs[kind]; ok {
		options = append(options, kgo.ProducerBatchCompression(codec))
	} else {
		options = append(options, kgo.ProducerBatchCompression(kgo.NoCompression()))
	}
	switch kind {
	case "idempotent":
		return options
	case "acks-0":
		options = append(options, kgo.RequiredAcks(kgo.NoAck()))
	case "acks-1":
		options = append(options, kgo.RequiredAcks(kgo.LeaderAck()))
	}
	return append(options, kgo.DisableIdempotentWrite())
}

func create(ctx context.Context, client *kgo.Client, topic string) {
	retention := kmsg.NewCreateTopicsRequestTopicConfig()
	retention.Name, retention.Value = "retention.ms", kmsg.StringPtr("-1") // the time stamps are old
	wanted := kmsg.NewCreateTopicsRequestTopic()
	wanted.Topic, wanted.NumPartitions, wanted.ReplicationFactor = topic, partitionCount, 1
	wanted.Configs = append(wanted.Configs, retention)
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = append(request.Topics, wanted)
	response, err := request.RequestWith(ctx, client)
	must("CreateTopics", err)
	must("CreateTopics of "+topic, kerr.ErrorForCode(response.Topics[0].ErrorCode))
	for p := range int32(partitionCount) {
		awaitPartition(ctx, client, topic, p)
	}
}

// A refusal by a partition that does not serve yet would be retried, and so change the order.
func awaitPartition(ctx context.Context, client *kgo.Client, topic string, partition int32) {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		_, err := endOffset(ctx, client, topic, partition)
		if err == nil {
			return
		}
		if time.Since(start) > patience {
			must(fmt.Sprintf("%s-%d does not serve", topic, partition), err)
		}
	}
}

func produce(ctx context.Context, bootstrap string, count int64, topic, kind string) {
	client := newClient(bootstrap, kindOptions(kind)...)
	defer client.Close()
	create(ctx, client, topic)
	start := time.Now()
	for n := range count {
		record := &kgo.Record{
			Topic: topic, Partition: int32(n % partitionCount), Timestamp: time.UnixMilli(timestampMs(n)),
			Key: key(n), Value: value(n), Headers: headers(n),
		}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) { must(topic, err) })
	}
	must("flush", client.Flush(ctx))
	fmt.Printf("produce %s: %d records in %.2f s\n", topic, count, time.Since(start).Seconds())
}

// ---- fetch ------------------------------------------------------------------

// same tells null from empty, which bytes.Equal does not.
func same(a, b []byte) bool {
	return (a == nil) == (b == nil) && bytes.Equal(a, b)
}

func sameHeaders(a, b []kgo.RecordHeader) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key || !same(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

func show(value any) string {
	if text, ok := value.([]byte); ok && text != nil {
		return strconv.Quote(string(text))
	} else if ok {
		return "null"
	}
	return fmt.Sprint(value)
}

func check(got *kgo.Record, position int64) {
	n := position*partitionCount + int64(got.Partition)
	differ := func(what string, expected, actual any) {
		die("%s-%d offset %d: record %d: %s: expected %.100s, got %.100s", got.Topic, got.Partition, got.Offset, n,
			what, show(expected), show(actual))
	}
	switch {
	case got.Offset != position:
		differ("offset", position, got.Offset)
	case got.Timestamp.UnixMilli() != timestampMs(n):
		differ("timestamp", timestampMs(n), got.Timestamp.UnixMilli())
	case got.Attrs.TimestampType() != 0:
		differ("timestamp type", 0, got.Attrs.TimestampType())
	case !same(got.Key, key(n)):
		differ("key", key(n), got.Key)
	case !same(got.Value, value(n)):
		differ("value", value(n), got.Value)
	case !sameHeaders(got.Headers, headers(n)):
		differ("headers", headers(n), got.Headers)
	}
}

func endOffset(ctx context.Context, client *kgo.Client, topic string, partition int32) (int64, error) {
	wanted := kmsg.NewListOffsetsRequestTopicPartition()
	wanted.Partition, wanted.Timestamp = partition, -1
	inTopic := kmsg.NewListOffsetsRequestTopic()
	inTopic.Topic, inTopic.Partitions = topic, append(inTopic.Partitions, wanted)
	request := kmsg.NewPtrListOffsetsRequest()
	request.Topics = append(request.Topics, inTopic)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return -1, err
	}
	answer := response.Topics[0].Partitions[0]
	return answer.Offset, kerr.ErrorForCode(answer.ErrorCode)
}

func fetch(ctx context.Context, bootstrap string, count int64, topic string) {
	start := time.Now()
	from := map[int32]kgo.Offset{}
	for p := range int32(partitionCount) {
		from[p] = kgo.NewOffset().At(0)
	}
	client := newClient(bootstrap, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}))
	defer client.Close()
	var positions [partitionCount]int64
	for got := int64(0); got < count; {
		limited, cancel := context.WithTimeout(ctx, patience)
		fetches := client.PollFetches(limited)
		cancel()
		fetches.EachError(func(t string, p int32, err error) {
			die("%s-%d: %v after %d of %d records", topic, p, err, got, count)
		})
		fetches.EachRecord(func(record *kgo.Record) {
			check(record, positions[record.Partition])
			positions[record.Partition]++
			got++
		})
	}
	for p := range int32(partitionCount) {
		expected := (count - int64(p) + partitionCount - 1) / partitionCount
		end, err := endOffset(ctx, client, topic, p)
		must("ListOffsets", err)
		if end != expected || positions[p] != expected {
			die("%s-%d ends at %d after %d records, expected %d", topic, p, end, positions[p], expected)
		}
	}
	fmt.Printf("fetch %s: %d records in %.2f s\n", topic, count, time.Since(start).Seconds())
}

func main() {
	ctx := context.Background()
	args := os.Args[1:]
	if len(args) > 2 && args[0] == "franz" {
		franzMember(ctx, args[1], newMembership(args[2:]))
		return
	} else if len(args) > 2 && args[0] == "sarama" {
		saramaMember(args[1], newMembership(args[2:]))
		return
	}
	if len(args) < 4 {
		die("say: produce BOOTSTRAP COUNT PREFIX KIND... | fetch BOOTSTRAP COUNT TOPIC...")
	}
	count, err := strconv.ParseInt(args[2], 10, 64)
	must("count", err)
	if args[0] == "produce" {
		for _, kind := range args[4:] {
			produce(ctx, args[1], count, args[3]+"-"+kind, kind)
		}
		return
	}
	for _, topic := range args[3:] {
		fetch(ctx, args[1], count, topic)
	}
}
