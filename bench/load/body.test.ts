import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../cluster/seeded-random.ts'
import { Bodies, idIn } from './body.ts'

const id = fc.stringMatching(/^[0-9a-f]{8}-\d{1,4}-\d{1,12}$/)

t.test('the id that a body was given is found in the data of its notification', (t) => {
  fc.assert(
    fc.property(id, fc.integer({ min: 160, max: 5000 }), fc.integer(), (id, bytes, seed) => {
      const body = new Bodies(bytes, seededRandom(seed)).make(id)
      return body.length === bytes && idIn(body.toString('base64url')) === id
    }),
  )
  t.end()
})

t.test('a body has the header of aes128gcm, with a key', (t) => {
  const body = new Bodies(200, seededRandom(1)).make('a-0-1')
  t.equal(body.readUInt32BE(16), 4096, 'record size')
  t.equal(body[20], 65, 'length of the key id')
  t.equal(body[21], 4, 'an uncompressed point')
  t.end()
})

t.test('data of others has no id', (t) => {
  for (const data of ['', 'AAAA', 'A'.repeat(2000), '!!!']) t.equal(idIn(data), undefined)
  t.end()
})
