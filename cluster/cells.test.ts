import t from 'tap'
import { digestsOf, newCells, oldCells } from './cells.ts'

const cell = (name: string, change: 'none' | 'adding' | 'removing' = 'none') => ({ name, change })

t.test('while a map changes there is an old one and a new one', async (t) => {
  const map = [cell('east'), cell('west', 'removing'), cell('north', 'adding')]
  t.same(
    oldCells(map).map(({ name }) => name),
    ['east', 'west'],
  )
  t.same(
    newCells(map).map(({ name }) => name),
    ['east', 'north'],
  )
})

t.test('a digest is that of the names, in any order', async (t) => {
  const stable = digestsOf([cell('east'), cell('west')])
  t.equal(stable.from, stable.to)
  t.match(stable.from, /^[0-9a-f]{16}$/)
  t.same(stable, digestsOf([cell('west'), cell('east')]))
  t.not(stable.from, digestsOf([cell('eastwest')]).from)
  t.not(stable.from, digestsOf([cell('east')]).from)
  const changing = digestsOf([cell('east'), cell('west'), cell('north', 'adding')])
  t.equal(changing.from, stable.from)
  t.equal(changing.to, digestsOf([cell('north'), cell('west'), cell('east')]).from)
  t.equal(stable.from, 'f081dcc5f1a55657', 'and never changes')
})
