/** The name of the app's own queue, which is always among the folders, and is none that a person watches. */
export const THIS_APP = 'this app'
