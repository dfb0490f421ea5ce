/** What a user or a program may do. A wall gets its role by the link of its dashboard. */
import type { NewUser } from '../../api/schema/access.ts'
import { Select, type Options } from '../controls/form.tsx'

export type ChosenRole = NewUser['role']

const roles: Options = [
  ['viewer', 'viewer: may read'],
  ['admin', 'admin: may do everything'],
]

export function RoleSelect(props: { value: ChosenRole; choose: (role: ChosenRole) => void }) {
  const { value, choose } = props
  return (
    <Select
      label="Role"
      value={value}
      options={roles}
      choose={(word) => choose(word as ChosenRole)}
    />
  )
}
