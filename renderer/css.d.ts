/** A CSS module: the names of its classes, made unique by the build. */
declare module '*.module.css' {
  const names: Readonly<Record<string, string>>
  // eslint-disable-next-line no-restricted-syntax -- what the bundler gives for a CSS module
  export default names
}
