/** Elements and texts of an SVG file, by a strict parser. */
import { SaxesParser } from 'saxes';

/** Throws where it isn't sound XML. */
export function eventsOf(svg: string): { elements: string[]; texts: string[] } {
  const elements: string[] = [];
  const texts: string[] = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ local }) => elements.push(local));
  parser.on('text', (text) => texts.push(text));
  parser.write(svg).close();
  return { elements, texts };
}
