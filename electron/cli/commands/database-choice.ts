/** Which database `serve` and `token` mean: a file, coord.db in COORD_HOME where none is named, or a database server. */
import { isAbsolute, join, resolve } from 'node:path'
import { isServerAddress, type DatabaseChoice } from '../../api/open-store.ts'
import type { Context } from '../context.ts'

export function databaseOf(context: Context, named: string | undefined): DatabaseChoice {
  const name = named ?? join(context.home, 'coord.db')
  return {
    database: isServerAddress(name) || isAbsolute(name) ? name : resolve(context.cwd, name),
    databasePassword: process.env['COORD_DATABASE_PASSWORD'] || undefined,
  }
}
