/** Tests say what they say in English, unless they speak another language. */
import { speak } from ".";

if (typeof document !== "undefined") await speak("en"); // some tests need no page
