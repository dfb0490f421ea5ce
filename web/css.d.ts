/** Styles that come with a part of the page: vite makes them a file beside its code. */
declare module '*.css'
