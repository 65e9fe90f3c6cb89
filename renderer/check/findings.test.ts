import { describe, expect, it } from 'vitest'
import { headlineOf, toFindings } from './findings.ts'

const finding = (isWell: boolean | null) => ({ check: 'x', isWell, detail: '', fix: null })

describe('findings', () => {
  it('says "fine" only where each was seen to be so', () => {
    expect(headlineOf(toFindings([finding(true)]))).toBe('All is fine')
    expect(headlineOf(toFindings([finding(true), finding(null)]))).toBe('Nothing is found wrong')
    expect(headlineOf(toFindings([]))).toBe('Nothing is found wrong')
    expect(headlineOf(toFindings([finding(true), finding(false)]))).toBe('1 thing is wrong')
    expect(headlineOf(toFindings([finding(false), finding(null), finding(false)]))).toBe('2 things are wrong')
  })

  it('each finding is in one group, in its order', () => {
    const all = [finding(true), finding(null), finding(false), finding(true)]
    const { bad, unknown, fine } = toFindings(all)
    expect([...bad, ...unknown, ...fine]).toEqual([all[2], all[1], all[0], all[3]])
  })
})
