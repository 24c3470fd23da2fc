// One member of a consumer group, by KafkaJS: groups/members.py says what it is told and what it says.
//
//   member.js BOOTSTRAP join GROUP/MEMBER GROUP TOPIC[,TOPIC] assignor=roundrobin session=MS
//
// KafkaJS has that one assignor. It says nothing before it joins again, but when it has noticed that the group rebalances.
'use strict'

const fs = require('fs')
const readline = require('readline')
const { Kafka, logLevel } = require('kafkajs')

const [bootstrap, , name, group, topics, ...settings] = process.argv.slice(2)
const how = Object.fromEntries(settings.map(word => word.split('=')))
let owned = []
let holds = false

// At once, and in one piece.
const say = (...words) => fs.writeSync(1, [name, ...words].join(' ') + '\n')

const kafka = new Kafka({ clientId: name, brokers: [bootstrap], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({
  groupId: group, sessionTimeout: Number(how.session), heartbeatInterval: 300, maxWaitTimeInMs: 50, metadataMaxAge: 1000,
})

function give() {
  if (owned.length > 0) say('revoked', ...owned)
  owned = []
}

function take(assignment) {
  give()
  owned = Object.entries(assignment).flatMap(([topic, numbers]) => numbers.map(number => `${topic}:${number}`))
  say('assigned', ...owned)
}

// A batch that cannot be committed any more is somebody else's, so it counts as read when it is committed.
async function eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }) {
  const { topic, partition, messages } = batch
  if (!isRunning() || isStale() || messages.length === 0) return
  const next = String(Number(messages[messages.length - 1].offset) + 1)
  if (!holds) await consumer.commitOffsets([{ topic, partition, offset: next }])
  for (const message of messages) {
    say('read', `${topic}:${partition}`, message.offset, message.value)
    resolveOffset(message.offset)
  }
  await heartbeat()
}

async function main() {
  consumer.on(consumer.events.GROUP_JOIN, event => take(event.payload.memberAssignment))
  consumer.on(consumer.events.REBALANCING, give)
  consumer.on(consumer.events.CRASH, event => { console.error(name, event.payload.error); process.exit(1) })
  await consumer.connect()
  await consumer.subscribe({ topics: topics.split(','), fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch })
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line.endsWith(' leave')) break
    holds = true
    say('holds')
  }
  await consumer.disconnect()
  say('gone')
  process.exit(0)
}

main()
