/** Body form and path form of a component call: each becomes the other, and nothing is lost on the way. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toOtherForm } from './other-form.ts'

const callOf = (line: string) => {
  const { method, path } = JSON.parse(line) as { method: string; path: string }
  return { method, path, raw: line }
}

it('moves the names from the path into the body, and back', () => {
  const inPath =
    '{"ts":"2026-05-12T15:30:00Z","method":"PUT","path":"/api/coord/components/gururmm/server","body":{"state":"built"}}'
  const inBody = toOtherForm(callOf(inPath)) ?? ''
  expect(JSON.parse(inBody)).toEqual({
    ts: '2026-05-12T15:30:00Z',
    method: 'PUT',
    path: '/api/coord/components',
    body: { project_key: 'gururmm', component: 'server', state: 'built' },
  })
  expect(JSON.parse(toOtherForm(callOf(inBody)) ?? '')).toEqual(JSON.parse(inPath))
})

it('there and back is the same call, whatever the names and the body', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const rest = fc.dictionary(fc.constantFrom('state', 'version', 'notes', 'updated_by'), fc.jsonValue())
  fc.assert(
    fc.property(name, name, rest, (project_key, component, more) => {
      const line = JSON.stringify({
        ts: null,
        method: 'PUT',
        path: '/api/coord/components',
        body: { ...more, project_key, component },
      })
      const other = toOtherForm(callOf(line)) ?? ''
      expect(callOf(other).path.split('/')).toHaveLength(6)
      expect(JSON.parse(toOtherForm(callOf(other)) ?? '')).toEqual(JSON.parse(line))
    }),
  )
})

it('is offered for nothing else', () => {
  const call = (method: string, path: string, body?: unknown) =>
    toOtherForm(callOf(JSON.stringify({ method, path, body })))
  expect(call('DELETE', '/api/coord/components/a/b')).toBeUndefined()
  expect(call('PUT', '/api/coord/messages/1/read')).toBeUndefined()
  expect(call('PUT', '/api/coord/components', { component: 'only' })).toBeUndefined()
  expect(call('PUT', '/api/coord/components/a', {})).toBeUndefined()
  expect(call('PUT', '/api/coord/components/%E0%A4%A/b', {})).toBeUndefined()
  expect(call('PUT', '/api/coord/components/a/b', 'text')).toBeUndefined()
  expect(
    toOtherForm({ method: 'PUT', path: '/api/coord/components/a/b', raw: { base64: 'AA==' } }),
  ).toBeUndefined()
})
