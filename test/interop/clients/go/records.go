package main

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The data set that every interop client sends and expects back; README.md has the rule.

func timestampMs(number int64) int64 {
	return 1700000000000 + 10*number - 33*(number%7)
}

func key(number int64) []byte {
	switch {
	case number%5 == 0:
		return nil
	case number%25 == 1:
		return []byte{}
	}
	return fmt.Appendf(nil, "key-%d", number%1000)
}

func value(number int64) []byte {
	switch number % 10 {
	case 3:
		return nil
	case 4:
		return []byte{}
	}
	size := int(number % 200)
	if number%1000 == 999 {
		size = 20000
	}
	scrambled := uint32(number) * 2654435761
	return fmt.Appendf(nil, "value-%d %08x %s é\"\\", number, scrambled, strings.Repeat("x", size))
}

func headers(number int64) []kgo.RecordHeader {
	all := []kgo.RecordHeader{
		{Key: "i", Value: fmt.Appendf(nil, "%d", number)},
		{Key: "empty", Value: []byte{}},
		{Key: "i", Value: []byte("again")},
	}
	return all[:number%4]
}
