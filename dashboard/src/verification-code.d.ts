declare module "virtual:verification-code" {
  interface Language {
    id: string;
    title: string;
    /** With the library of the language. */
    library: string;
    /** With what the language has by itself. */
    byHand: string;
  }
  const languages: Language[];
  export default languages;
}
