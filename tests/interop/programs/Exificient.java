// Writes EXI with raw EXIficient on the published schemas, as ISO 15118 uses it: no options, no string table hits.
// Input: lines of schema file, "document" or "fragment", and XML, parted by tabs; output: a line of hexadecimal for
// each, or "error" and the reason. The system property "xmldsig" names the signature schema.

import com.siemens.ct.exi.core.EXIFactory;
import com.siemens.ct.exi.core.grammars.Grammars;
import com.siemens.ct.exi.core.helpers.DefaultEXIFactory;
import com.siemens.ct.exi.grammars.GrammarFactory;
import com.siemens.ct.exi.main.api.sax.EXIResult;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import javax.xml.parsers.SAXParserFactory;
import org.apache.xerces.xni.parser.XMLEntityResolver;
import org.apache.xerces.xni.parser.XMLInputSource;
import org.xml.sax.InputSource;
import org.xml.sax.XMLReader;

public class Exificient {
    // The schemas name others by places on the net; nothing is fetched.
    private static final XMLEntityResolver AT_HAND = id -> {
        String place = id.getExpandedSystemId();
        if (place != null && place.endsWith("/xmldsig-core-schema.xsd")) {
            return new XMLInputSource(id.getPublicId(), System.getProperty("xmldsig"), null);
        }
        return place == null || !place.startsWith("http")
            ? null
            : new XMLInputSource(id.getPublicId(), place, null, new StringReader(""), "UTF-8");
    };

    private static final Map<String, Grammars> GRAMMARS = new HashMap<>();

    private static String encoded(String schema, boolean fragment, String xml) throws Exception {
        if (!GRAMMARS.containsKey(schema)) {
            GRAMMARS.put(schema, GrammarFactory.newInstance().createGrammars(schema, AT_HAND));
        }
        EXIFactory factory = DefaultEXIFactory.newInstance();
        factory.setValueMaxLength(0);
        factory.setValuePartitionCapacity(0);
        factory.setMaximumNumberOfBuiltInElementGrammars(0);
        factory.setMaximumNumberOfBuiltInProductions(0);
        factory.setGrammars(GRAMMARS.get(schema));
        factory.setFragment(fragment);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        EXIResult result = new EXIResult(factory);
        result.setOutputStream(bytes);
        SAXParserFactory parsers = SAXParserFactory.newInstance();
        parsers.setNamespaceAware(true);
        XMLReader reader = parsers.newSAXParser().getXMLReader();
        reader.setContentHandler(result.getHandler());
        reader.parse(new InputSource(new StringReader(xml)));
        return HexFormat.of().formatHex(bytes.toByteArray());
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t", 3);
            try {
                out.println(encoded(parts[0], parts[1].equals("fragment"), parts[2]));
            } catch (Exception | StackOverflowError error) {
                out.println("error " + String.valueOf(error).replace('\n', ' '));
            }
        }
    }
}
