/** What names of users and their passwords may be, for the API and for the page's forms. */

/** A regular expression for the whole name. */
export const userNamePattern = '^[a-z0-9_][a-z0-9_.@-]{0,63}$'

/** How long a new password is, in characters. */
export const newPasswordLength = { least: 10, most: 256 }

/** Whether a text may be the name of a user. */
export function isUserName(text: string): boolean {
  return new RegExp(userNamePattern).test(text)
}
