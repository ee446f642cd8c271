import { expect, test } from 'vitest'
import { topicOfKey } from './topic.ts'

test.each([
  { key: 'name:web-svc.shop:80', topic: 'service:shop/web-svc' },
  { key: 'address:10.0.0.7:65535', topic: 'address:10.0.0.7' },
  { key: 'address:[FD00:0::7]:1', topic: 'address:fd00::7' },
  { key: 'address:[::ffff:10.0.0.7]:1', topic: 'address:10.0.0.7' },
])('topicOfKey() of $key is $topic', ({ key, topic }) => {
  expect(topicOfKey(key)).toBe(topic)
})
