<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>twoway</name>
    <message>
      <source>A PIN has at least {number} digits.</source>
      <translation>Eine PIN hat mindestens {number} Ziffern.</translation>
    </message>
    <message>
      <source>A capture holds the packets of a session with the keys that open it: whoever has the file can read the whole session.</source>
      <translation>Ein Mitschnitt enthält die Pakete eines Ladevorgangs samt den Schlüsseln dazu: Wer die Datei hat, kann den ganzen Ladevorgang lesen.</translation>
    </message>
    <message>
      <source>A capture of {size} is kept.</source>
      <translation>Ein Mitschnitt von {size} ist aufgehoben.</translation>
    </message>
    <message>
      <source>A departure must lie ahead: nothing was changed.</source>
      <translation>Eine Abfahrt muss in der Zukunft liegen: Es wurde nichts geändert.</translation>
    </message>
    <message>
      <source>A kWh in the car is worth {worth_eur_per_kwh}, and {worth_later_eur_per_kwh} from {later_s}.</source>
      <translation>Eine kWh im Auto ist {worth_eur_per_kwh} wert, ab {later_s} {worth_later_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>A kWh in the car is worth {worth_eur_per_kwh}.</source>
      <translation>Eine kWh im Auto ist {worth_eur_per_kwh} wert.</translation>
    </message>
    <message>
      <source>A new plan is late: the last one goes on until {time}. It is tried again.</source>
      <translation>Ein neuer Plan verspätet sich: Der letzte gilt weiter bis {time}. Es wird erneut versucht.</translation>
    </message>
    <message>
      <source>A session starts when a car is plugged in. What it takes and gives shows here.</source>
      <translation>Ein Ladevorgang beginnt, wenn ein Auto eingesteckt wird. Was es nimmt und gibt, steht dann hier.</translation>
    </message>
    <message>
      <source>A simple plan: the optimiser had no answer in time, and tries again.</source>
      <translation>Ein einfacher Plan: Die Optimierung war nicht rechtzeitig fertig und versucht es wieder.</translation>
    </message>
    <message>
      <source>A simulated car, charger, meter and roof, each speaking its real protocol. Nothing is switched in your house.</source>
      <translation>Auto, Wallbox, Zähler und Dach sind simuliert und sprechen ihr echtes Protokoll. In Ihrem Haus wird nichts geschaltet.</translation>
    </message>
    <message>
      <source>Accept</source>
      <translation>Annehmen</translation>
    </message>
    <message>
      <source>Add a weekly departure</source>
      <translation>Neue wöchentliche Abfahrt</translation>
    </message>
    <message>
      <source>All are valid.</source>
      <translation>Alle sind gültig.</translation>
    </message>
    <message>
      <source>Appearance</source>
      <translation>Erscheinungsbild</translation>
    </message>
    <message>
      <source>As it was before.</source>
      <translation>Wie zuvor.</translation>
    </message>
    <message>
      <source>Asked (dashed)</source>
      <translation>Gefordert (gestrichelt)</translation>
    </message>
    <message>
      <source>Asked and delivered power over time</source>
      <translation>Geforderte und gelieferte Leistung im Zeitverlauf</translation>
    </message>
    <message>
      <source>Asked by the utility</source>
      <translation>Vom Versorger gefordert</translation>
    </message>
    <message>
      <source>Asked: {values}</source>
      <translation>Gefordert: {values}</translation>
    </message>
    <message>
      <source>At the most {values}</source>
      <translation>Höchstens {values}</translation>
    </message>
    <message>
      <source>Authorisation</source>
      <translation>Autorisierung</translation>
    </message>
    <message>
      <source>Balanced</source>
      <translation>Ausgewogen</translation>
    </message>
    <message>
      <source>Battery</source>
      <translation>Speicher</translation>
    </message>
    <message>
      <source>Battery charges</source>
      <translation>Speicher lädt</translation>
    </message>
    <message>
      <source>Battery feeds</source>
      <translation>Speicher speist</translation>
    </message>
    <message>
      <source>Battery power</source>
      <translation>Speicherleistung</translation>
    </message>
    <message>
      <source>Battery to car</source>
      <translation>Speicher ins Auto</translation>
    </message>
    <message>
      <source>Battery to grid</source>
      <translation>Speicher ins Netz</translation>
    </message>
    <message>
      <source>Battery to house</source>
      <translation>Speicher ins Haus</translation>
    </message>
    <message>
      <source>Begin</source>
      <translation>Beginnen</translation>
    </message>
    <message>
      <source>Behaviour</source>
      <translation>Verhalten</translation>
    </message>
    <message>
      <source>Bold</source>
      <translation>Mutig</translation>
    </message>
    <message>
      <source>Boost</source>
      <translation>Schnell laden</translation>
    </message>
    <message>
      <source>Boost for an hour</source>
      <translation>Eine Stunde schnell laden</translation>
    </message>
    <message>
      <source>Boost for {time}</source>
      <translation>{time} schnell laden</translation>
    </message>
    <message>
      <source>Boost now</source>
      <translation>Schnell laden</translation>
    </message>
    <message>
      <source>Buy</source>
      <translation>Bezug</translation>
    </message>
    <message>
      <source>Buy from the grid</source>
      <translation>Bezugspreis</translation>
    </message>
    <message>
      <source>By {time} the car will have {planned} instead of {target}.</source>
      <translation>Bis {time} hat das Auto {planned} statt {target}.</translation>
    </message>
    <message>
      <source>CO2 of what was bought</source>
      <translation>CO2 des Bezugs</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Capture the next session</source>
      <translation>Mitschnitt beginnen</translation>
    </message>
    <message>
      <source>Car</source>
      <translation>Auto</translation>
    </message>
    <message>
      <source>Car charges</source>
      <translation>Auto lädt</translation>
    </message>
    <message>
      <source>Car feeds</source>
      <translation>Auto speist</translation>
    </message>
    <message>
      <source>Car maker's root</source>
      <translation>Wurzel des Autoherstellers</translation>
    </message>
    <message>
      <source>Car power</source>
      <translation>Leistung Auto</translation>
    </message>
    <message>
      <source>Car rests</source>
      <translation>Auto ruht</translation>
    </message>
    <message>
      <source>Car test session</source>
      <translation>Probeladung</translation>
    </message>
    <message>
      <source>Car to battery</source>
      <translation>Auto in den Speicher</translation>
    </message>
    <message>
      <source>Car to grid</source>
      <translation>Auto ins Netz</translation>
    </message>
    <message>
      <source>Car to house</source>
      <translation>Auto ins Haus</translation>
    </message>
    <message>
      <source>Car's charge</source>
      <translation>Ladestand des Autos</translation>
    </message>
    <message>
      <source>Car's charge: {soc}</source>
      <translation>Ladestand des Autos: {soc}</translation>
    </message>
    <message>
      <source>Car's identity (EVCCID)</source>
      <translation>Kennung des Autos (EVCCID)</translation>
    </message>
    <message>
      <source>Car's own limit</source>
      <translation>Grenze des Autos</translation>
    </message>
    <message>
      <source>Car's provisioning</source>
      <translation>Bereitstellung des Autos</translation>
    </message>
    <message>
      <source>Car: up charges, down feeds</source>
      <translation>Auto: oben lädt, unten speist</translation>
    </message>
    <message>
      <source>Careful</source>
      <translation>Vorsichtig</translation>
    </message>
    <message>
      <source>Certificates</source>
      <translation>Zertifikate</translation>
    </message>
    <message>
      <source>Change</source>
      <translation>Ändern</translation>
    </message>
    <message>
      <source>Change when the car is ready</source>
      <translation>Ändern, wann das Auto bereit ist</translation>
    </message>
    <message>
      <source>Changed, not saved yet.</source>
      <translation>Geändert, noch nicht gespeichert.</translation>
    </message>
    <message>
      <source>Charge</source>
      <translation>Ladestand</translation>
    </message>
    <message>
      <source>Charge at departure</source>
      <translation>Ladestand bei Abfahrt</translation>
    </message>
    <message>
      <source>Charge at the most</source>
      <translation>Laden höchstens</translation>
    </message>
    <message>
      <source>Charge at the single departure</source>
      <translation>Ladestand bei der einmaligen Abfahrt</translation>
    </message>
    <message>
      <source>Charge cheaply</source>
      <translation>Günstig laden</translation>
    </message>
    <message>
      <source>Charge for the departure</source>
      <translation>Für die Abfahrt laden</translation>
    </message>
    <message>
      <source>Charge from the roof</source>
      <translation>Vom Dach laden</translation>
    </message>
    <message>
      <source>Charge of the car</source>
      <translation>Ladestand des Autos</translation>
    </message>
    <message>
      <source>Charge to the reserve</source>
      <translation>Bis zur Reserve laden</translation>
    </message>
    <message>
      <source>Charged in this session</source>
      <translation>In diesem Ladevorgang geladen</translation>
    </message>
    <message>
      <source>Charger</source>
      <translation>Wallbox</translation>
    </message>
    <message>
      <source>Charger's limit</source>
      <translation>Grenze der Wallbox</translation>
    </message>
    <message>
      <source>Charges with up to</source>
      <translation>Lädt mit höchstens</translation>
    </message>
    <message>
      <source>Charging at full power until {time}, {left} more.</source>
      <translation>Lädt mit voller Leistung bis {time}, noch {left}.</translation>
    </message>
    <message>
      <source>Charging at full power until {until_s}, because you asked for a boost.</source>
      <translation>Lädt bis {until_s} mit voller Leistung, weil Sie schnelles Laden gewünscht haben.</translation>
    </message>
    <message>
      <source>Charging at full power, because you asked for a boost.</source>
      <translation>Lädt mit voller Leistung, weil Sie schnelles Laden gewünscht haben.</translation>
    </message>
    <message>
      <source>Charging instead would cost the same.</source>
      <translation>Stattdessen zu laden würde gleich viel kosten.</translation>
    </message>
    <message>
      <source>Charging the car for its next departure.</source>
      <translation>Lädt das Auto für die nächste Abfahrt.</translation>
    </message>
    <message>
      <source>Charging the car from the roof until {until_s}: the sun gives more than the house needs.</source>
      <translation>Lädt das Auto bis {until_s} vom Dach: Die Sonne gibt mehr, als das Haus braucht.</translation>
    </message>
    <message>
      <source>Charging the car from the roof: the sun gives more than the house needs.</source>
      <translation>Lädt das Auto vom Dach: Die Sonne gibt mehr, als das Haus braucht.</translation>
    </message>
    <message>
      <source>Charging the car until {until_s}, because the grid costs only {price_eur_per_kwh}.</source>
      <translation>Lädt das Auto bis {until_s}, weil Netzstrom nur {price_eur_per_kwh} kostet.</translation>
    </message>
    <message>
      <source>Charging the car until {until_s}, because the grid costs {price_eur_per_kwh}, and {mean_price_eur_per_kwh} on average.</source>
      <translation>Lädt das Auto bis {until_s}, weil Netzstrom {price_eur_per_kwh} kostet, im Mittel {mean_price_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>Charging the car up to its reserve of {reserve_soc}, which you keep for the unexpected.</source>
      <translation>Lädt das Auto bis zur Reserve von {reserve_soc}, die für Unerwartetes bleibt.</translation>
    </message>
    <message>
      <source>Charging the car up to its reserve, which you keep for the unexpected.</source>
      <translation>Lädt das Auto bis zur Reserve, die für Unerwartetes bleibt.</translation>
    </message>
    <message>
      <source>Charging the car, because the grid costs only {price_eur_per_kwh}.</source>
      <translation>Lädt das Auto, weil Netzstrom nur {price_eur_per_kwh} kostet.</translation>
    </message>
    <message>
      <source>Charging the car, because the grid costs {price_eur_per_kwh}, and {mean_price_eur_per_kwh} on average.</source>
      <translation>Lädt das Auto, weil Netzstrom {price_eur_per_kwh} kostet, im Mittel {mean_price_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>Charging the car, because the grid is cheap.</source>
      <translation>Lädt das Auto, weil Netzstrom günstig ist.</translation>
    </message>
    <message>
      <source>Charging the car, so that it has {target_soc} at {deadline_s}.</source>
      <translation>Lädt das Auto, damit es {deadline_s} {target_soc} hat.</translation>
    </message>
    <message>
      <source>Charging the car, so that it is ready at {deadline_s}.</source>
      <translation>Lädt das Auto, damit es {deadline_s} bereit ist.</translation>
    </message>
    <message>
      <source>Charging until {block_until_s} instead would cost {next_cost_eur}.</source>
      <translation>Stattdessen bis {block_until_s} zu laden würde {next_cost_eur} kosten.</translation>
    </message>
    <message>
      <source>Charging until {block_until_s} instead would leave less than the reserve.</source>
      <translation>Stattdessen bis {block_until_s} zu laden ließe weniger als die Reserve.</translation>
    </message>
    <message>
      <source>Charging until {block_until_s} instead would miss the departure's target.</source>
      <translation>Stattdessen bis {block_until_s} zu laden würde das Ziel zur Abfahrt verfehlen.</translation>
    </message>
    <message>
      <source>Check</source>
      <translation>Prüfen</translation>
    </message>
    <message>
      <source>Checking …</source>
      <translation>Wird geprüft …</translation>
    </message>
    <message>
      <source>Choose a PIN for the installer's page</source>
      <translation>PIN für die Installationsseite wählen</translation>
    </message>
    <message>
      <source>Choose a message to read its content.</source>
      <translation>Nachricht wählen, um den Inhalt zu lesen.</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Commissioning report</source>
      <translation>Inbetriebnahmeprotokoll</translation>
    </message>
    <message>
      <source>Compare the limits with what the network operator allows.</source>
      <translation>Grenzen mit dem vergleichen, was der Netzbetreiber erlaubt.</translation>
    </message>
    <message>
      <source>Compared on {day}.</source>
      <translation>Verglichen am {day}.</translation>
    </message>
    <message>
      <source>Connection and fuse</source>
      <translation>Anschluss und Sicherung</translation>
    </message>
    <message>
      <source>Contact</source>
      <translation>Kontakt</translation>
    </message>
    <message>
      <source>Contract</source>
      <translation>Vertrag</translation>
    </message>
    <message>
      <source>Dark</source>
      <translation>Dunkel</translation>
    </message>
    <message>
      <source>Day</source>
      <translation>Tag</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>Löschen</translation>
    </message>
    <message>
      <source>Delete the capture</source>
      <translation>Mitschnitt löschen</translation>
    </message>
    <message>
      <source>Deleted.</source>
      <translation>Gelöscht.</translation>
    </message>
    <message>
      <source>Delivered</source>
      <translation>Geliefert</translation>
    </message>
    <message>
      <source>Delivered, kW</source>
      <translation>Geliefert, kW</translation>
    </message>
    <message>
      <source>Demo home</source>
      <translation>Demo-Haus</translation>
    </message>
    <message>
      <source>Demo, {speed} times as fast</source>
      <translation>Demo, {speed}-fach beschleunigt</translation>
    </message>
    <message>
      <source>Departure</source>
      <translation>Abfahrt</translation>
    </message>
    <message>
      <source>Departure {time}</source>
      <translation>Abfahrt {time}</translation>
    </message>
    <message>
      <source>Details</source>
      <translation>Details</translation>
    </message>
    <message>
      <source>Diagnostics bundle</source>
      <translation>Diagnosepaket</translation>
    </message>
    <message>
      <source>Discard</source>
      <translation>Verwerfen</translation>
    </message>
    <message>
      <source>Discharge at the most</source>
      <translation>Entladen höchstens</translation>
    </message>
    <message>
      <source>Done for this time.</source>
      <translation>Für dieses Mal erledigt.</translation>
    </message>
    <message>
      <source>Earlier</source>
      <translation>Früher</translation>
    </message>
    <message>
      <source>Earlier or later in the history</source>
      <translation>Früher oder später im Verlauf</translation>
    </message>
    <message>
      <source>Earned</source>
      <translation>Verdient</translation>
    </message>
    <message>
      <source>Encryption</source>
      <translation>Verschlüsselung</translation>
    </message>
    <message>
      <source>End it</source>
      <translation>Beenden</translation>
    </message>
    <message>
      <source>End the boost</source>
      <translation>Schnellladen beenden</translation>
    </message>
    <message>
      <source>End the session …</source>
      <translation>Ladevorgang beenden …</translation>
    </message>
    <message>
      <source>Ending the session unlocks the cable. To charge again, the car has to be plugged in anew.</source>
      <translation>Mit dem Ende wird das Kabel entriegelt. Um wieder zu laden, muss das Auto neu eingesteckt werden.</translation>
    </message>
    <message>
      <source>Energy by path</source>
      <translation>Energie nach Weg</translation>
    </message>
    <message>
      <source>Energy cost</source>
      <translation>Energiekosten</translation>
    </message>
    <message>
      <source>Engine away since {time}</source>
      <translation>Engine fehlt seit {time}</translation>
    </message>
    <message>
      <source>Events</source>
      <translation>Ereignisse</translation>
    </message>
    <message>
      <source>Expect the car to leave as it usually does, when nothing else is said</source>
      <translation>Damit rechnen, dass das Auto wie üblich wegfährt, wenn nichts anderes gesagt ist</translation>
    </message>
    <message>
      <source>Export CSV</source>
      <translation>CSV exportieren</translation>
    </message>
    <message>
      <source>Export at the most</source>
      <translation>Einspeisen höchstens</translation>
    </message>
    <message>
      <source>Exporting …</source>
      <translation>Wird exportiert …</translation>
    </message>
    <message>
      <source>Feed the house</source>
      <translation>Das Haus versorgen</translation>
    </message>
    <message>
      <source>Feeding from the car instead would cost the same.</source>
      <translation>Stattdessen aus dem Auto einzuspeisen würde gleich viel kosten.</translation>
    </message>
    <message>
      <source>Feeding from the car until {block_until_s} instead would cost {next_cost_eur}.</source>
      <translation>Stattdessen bis {block_until_s} aus dem Auto einzuspeisen würde {next_cost_eur} kosten.</translation>
    </message>
    <message>
      <source>Feeding from the car until {block_until_s} instead would leave less than the reserve.</source>
      <translation>Stattdessen bis {block_until_s} aus dem Auto einzuspeisen ließe weniger als die Reserve.</translation>
    </message>
    <message>
      <source>Feeding from the car until {block_until_s} instead would miss the departure's target.</source>
      <translation>Stattdessen bis {block_until_s} aus dem Auto einzuspeisen würde das Ziel zur Abfahrt verfehlen.</translation>
    </message>
    <message>
      <source>Feeding from the car, because the utility's price is {price_eur_per_kwh} and the car refills at {refill_price_eur_per_kwh} ({refill_s}).</source>
      <translation>Das Auto speist, weil der Preis des Versorgers {price_eur_per_kwh} ist und das Auto für {refill_price_eur_per_kwh} nachlädt ({refill_s}).</translation>
    </message>
    <message>
      <source>Feeding the house from the car until {until_s}, because the grid costs {price_eur_per_kwh} and the car refills at {refill_price_eur_per_kwh} ({refill_s}).</source>
      <translation>Das Auto versorgt bis {until_s} das Haus, weil Netzstrom {price_eur_per_kwh} kostet und das Auto für {refill_price_eur_per_kwh} nachlädt ({refill_s}).</translation>
    </message>
    <message>
      <source>Feeding the house from the car until {until_s}, because the grid costs {price_eur_per_kwh}.</source>
      <translation>Das Auto versorgt bis {until_s} das Haus, weil Netzstrom {price_eur_per_kwh} kostet.</translation>
    </message>
    <message>
      <source>Feeding the house from the car, because the grid costs {price_eur_per_kwh} and the car refills at {refill_price_eur_per_kwh} ({refill_s}).</source>
      <translation>Das Auto versorgt das Haus, weil Netzstrom {price_eur_per_kwh} kostet und das Auto für {refill_price_eur_per_kwh} nachlädt ({refill_s}).</translation>
    </message>
    <message>
      <source>Feeding the house from the car, because the grid costs {price_eur_per_kwh}.</source>
      <translation>Das Auto versorgt das Haus, weil Netzstrom {price_eur_per_kwh} kostet.</translation>
    </message>
    <message>
      <source>Feeding the house from the car, because the grid is dear.</source>
      <translation>Das Auto versorgt das Haus, weil Netzstrom teuer ist.</translation>
    </message>
    <message>
      <source>Following the utility's event until {until_s}.</source>
      <translation>Folgt bis {until_s} dem Ereignis des Versorgers.</translation>
    </message>
    <message>
      <source>Following the utility's event.</source>
      <translation>Folgt dem Ereignis des Versorgers.</translation>
    </message>
    <message>
      <source>Following the utility's price event.</source>
      <translation>Folgt dem Preisereignis des Versorgers.</translation>
    </message>
    <message>
      <source>Following the utility's price of {price_eur_per_kwh} until {until_s}.</source>
      <translation>Folgt bis {until_s} dem Preis des Versorgers von {price_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>Following the utility's price of {price_eur_per_kwh}.</source>
      <translation>Folgt dem Preis des Versorgers von {price_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>Following the utility, which asks for {power_w} until {until_s}.</source>
      <translation>Folgt dem Versorger, der bis {until_s} {power_w} fordert.</translation>
    </message>
    <message>
      <source>For half an hour every session is captured with its keys. Give the file only to those who help, then delete it.</source>
      <translation>Eine halbe Stunde lang wird jeder Ladevorgang samt Schlüsseln mitgeschnitten. Die Datei nur denen geben, die helfen, und danach löschen.</translation>
    </message>
    <message>
      <source>For the unexpected: below it, the car feeds neither house nor grid.</source>
      <translation>Für Unerwartetes: Darunter speist das Auto weder Haus noch Netz.</translation>
    </message>
    <message>
      <source>Frequency</source>
      <translation>Frequenz</translation>
    </message>
    <message>
      <source>From</source>
      <translation>Von</translation>
    </message>
    <message>
      <source>From the grid</source>
      <translation>Aus dem Netz</translation>
    </message>
    <message>
      <source>From {time}, prices are not published yet: what the past weeks let expect is used.</source>
      <translation>Ab {time} sind die Preise noch nicht veröffentlicht: Gerechnet wird mit dem, was die vergangenen Wochen erwarten lassen.</translation>
    </message>
    <message>
      <source>Full</source>
      <translation>Voll</translation>
    </message>
    <message>
      <source>Full cycles of the battery</source>
      <translation>Vollzyklen der Batterie</translation>
    </message>
    <message>
      <source>Fuse, limits and tests are behind it.</source>
      <translation>Dahinter liegen Sicherung, Grenzen und Prüfungen.</translation>
    </message>
    <message>
      <source>Given back in this session</source>
      <translation>In diesem Ladevorgang abgegeben</translation>
    </message>
    <message>
      <source>Gives back up to</source>
      <translation>Gibt ab bis zu</translation>
    </message>
    <message>
      <source>Go on</source>
      <translation>Fortsetzen</translation>
    </message>
    <message>
      <source>Go on charging and feeding</source>
      <translation>Laden und Speisen fortsetzen</translation>
    </message>
    <message>
      <source>Grid</source>
      <translation>Netz</translation>
    </message>
    <message>
      <source>Grid emergency</source>
      <translation>Netznotfall</translation>
    </message>
    <message>
      <source>Grid frequency</source>
      <translation>Netzfrequenz</translation>
    </message>
    <message>
      <source>Grid link silent</source>
      <translation>Netzverbindung stumm</translation>
    </message>
    <message>
      <source>Grid power</source>
      <translation>Leistung Netz</translation>
    </message>
    <message>
      <source>Grid to battery</source>
      <translation>Netz in den Speicher</translation>
    </message>
    <message>
      <source>Grid to car</source>
      <translation>Netz ins Auto</translation>
    </message>
    <message>
      <source>Grid to house</source>
      <translation>Netz ins Haus</translation>
    </message>
    <message>
      <source>Grid's export limit</source>
      <translation>Einspeisegrenze des Netzes</translation>
    </message>
    <message>
      <source>Grid's import limit</source>
      <translation>Bezugsgrenze des Netzes</translation>
    </message>
    <message>
      <source>Have a look</source>
      <translation>Ansehen</translation>
    </message>
    <message>
      <source>Held back by the car's own limit.</source>
      <translation>Gebremst durch die Grenze des Autos.</translation>
    </message>
    <message>
      <source>Held back by the charger's limit.</source>
      <translation>Gebremst durch die Grenze der Wallbox.</translation>
    </message>
    <message>
      <source>Held back from {wanted_w}, because phase {phase} of the main fuse carries {limit_w} at the most.</source>
      <translation>Statt {wanted_w} gebremst, weil Phase {phase} der Hauptsicherung höchstens {limit_w} trägt.</translation>
    </message>
    <message>
      <source>Held back from {wanted_w}, because the grid allows the home {limit_w} at the most until {until_s}.</source>
      <translation>Statt {wanted_w} gebremst, weil das Netz dem Haus bis {until_s} höchstens {limit_w} erlaubt.</translation>
    </message>
    <message>
      <source>Held back from {wanted_w}, because the home may export {limit_w} at the most.</source>
      <translation>Statt {wanted_w} gebremst, weil das Haus höchstens {limit_w} einspeisen darf.</translation>
    </message>
    <message>
      <source>Held back from {wanted_w}, because the main fuse carries {limit_w} at the most.</source>
      <translation>Statt {wanted_w} gebremst, weil die Hauptsicherung höchstens {limit_w} trägt.</translation>
    </message>
    <message>
      <source>Held back to protect the main fuse.</source>
      <translation>Gebremst, um die Hauptsicherung zu schützen.</translation>
    </message>
    <message>
      <source>Held back, because phase {phase} of the main fuse carries {limit_w} at the most.</source>
      <translation>Gebremst, weil Phase {phase} der Hauptsicherung höchstens {limit_w} trägt.</translation>
    </message>
    <message>
      <source>Held back, because the grid allows the home {limit_w} at the most now.</source>
      <translation>Gebremst, weil das Netz dem Haus jetzt höchstens {limit_w} erlaubt.</translation>
    </message>
    <message>
      <source>Held back, because the grid allows the home {limit_w} at the most until {until_s}.</source>
      <translation>Gebremst, weil das Netz dem Haus bis {until_s} höchstens {limit_w} erlaubt.</translation>
    </message>
    <message>
      <source>Held back, because the grid limits what the home may draw now.</source>
      <translation>Gebremst, weil das Netz den Bezug des Hauses jetzt begrenzt.</translation>
    </message>
    <message>
      <source>Held back, because the home may export no more.</source>
      <translation>Gebremst, weil das Haus nicht mehr einspeisen darf.</translation>
    </message>
    <message>
      <source>Held back, because the home may export {limit_w} at the most.</source>
      <translation>Gebremst, weil das Haus höchstens {limit_w} einspeisen darf.</translation>
    </message>
    <message>
      <source>Held back, because the load on the phases may differ by {unbalance_w} at the most.</source>
      <translation>Gebremst, weil die Last der Phasen sich um höchstens {unbalance_w} unterscheiden darf.</translation>
    </message>
    <message>
      <source>Held back, because the main fuse carries {limit_w} at the most.</source>
      <translation>Gebremst, weil die Hauptsicherung höchstens {limit_w} trägt.</translation>
    </message>
    <message>
      <source>Held to the safe limit, because the link to the grid is silent.</source>
      <translation>Auf die sichere Grenze gebremst, weil die Verbindung zum Netz stumm ist.</translation>
    </message>
    <message>
      <source>Held to {limit_w} instead of {wanted_w}: the car takes or gives no more.</source>
      <translation>Begrenzt auf {limit_w} statt {wanted_w}: Mehr nimmt oder gibt das Auto nicht.</translation>
    </message>
    <message>
      <source>Held to {limit_w} instead of {wanted_w}: the charger can do no more.</source>
      <translation>Begrenzt auf {limit_w} statt {wanted_w}: Mehr kann die Wallbox nicht.</translation>
    </message>
    <message>
      <source>Held to {limit_w}, the safe limit, because the link to the grid is silent.</source>
      <translation>Auf die sichere Grenze von {limit_w} gebremst, weil die Verbindung zum Netz stumm ist.</translation>
    </message>
    <message>
      <source>Held to {limit_w}: the car takes or gives no more.</source>
      <translation>Auf {limit_w} gebremst: Mehr nimmt oder gibt das Auto nicht.</translation>
    </message>
    <message>
      <source>Held to {limit_w}: the charger can do no more.</source>
      <translation>Auf {limit_w} gebremst: Mehr kann die Wallbox nicht.</translation>
    </message>
    <message>
      <source>Helping the grid in an emergency until {until_s}: the utility asked for it.</source>
      <translation>Hilft dem Netz bis {until_s} in einem Notfall: Der Versorger hat darum gebeten.</translation>
    </message>
    <message>
      <source>Helping the grid in an emergency: the utility asked for it.</source>
      <translation>Hilft dem Netz in einem Notfall: Der Versorger hat darum gebeten.</translation>
    </message>
    <message>
      <source>Hide</source>
      <translation>Verbergen</translation>
    </message>
    <message>
      <source>Hide protocol details</source>
      <translation>Protokolldetails verbergen</translation>
    </message>
    <message>
      <source>History</source>
      <translation>Verlauf</translation>
    </message>
    <message>
      <source>Hold the charge</source>
      <translation>Ladung halten</translation>
    </message>
    <message>
      <source>Holding instead would cost the same.</source>
      <translation>Stattdessen zu warten würde gleich viel kosten.</translation>
    </message>
    <message>
      <source>Holding the car's charge: there is nothing to gain either way.</source>
      <translation>Hält den Ladestand: Es ist in keiner Richtung etwas zu gewinnen.</translation>
    </message>
    <message>
      <source>Holding until {block_until_s} instead would cost {next_cost_eur}.</source>
      <translation>Stattdessen bis {block_until_s} zu warten würde {next_cost_eur} kosten.</translation>
    </message>
    <message>
      <source>Holding until {block_until_s} instead would leave less than the reserve.</source>
      <translation>Stattdessen bis {block_until_s} zu warten ließe weniger als die Reserve.</translation>
    </message>
    <message>
      <source>Holding until {block_until_s} instead would miss the departure's target.</source>
      <translation>Stattdessen bis {block_until_s} zu warten würde das Ziel zur Abfahrt verfehlen.</translation>
    </message>
    <message>
      <source>Home</source>
      <translation>Zuhause</translation>
    </message>
    <message>
      <source>Home file</source>
      <translation>Hausdatei</translation>
    </message>
    <message>
      <source>House</source>
      <translation>Haus</translation>
    </message>
    <message>
      <source>House battery</source>
      <translation>Hausspeicher</translation>
    </message>
    <message>
      <source>House forecast: off by {off} on average.</source>
      <translation>Hausprognose: im Mittel um {off} daneben.</translation>
    </message>
    <message>
      <source>House forecast: off by {off} on average; simple averages {simple}.</source>
      <translation>Hausprognose: im Mittel um {off} daneben; einfache Mittelwerte um {simple}.</translation>
    </message>
    <message>
      <source>House, with its likely range</source>
      <translation>Haus, mit wahrscheinlicher Spanne</translation>
    </message>
    <message>
      <source>I have compared it</source>
      <translation>Ich habe verglichen</translation>
    </message>
    <message>
      <source>Import at the most</source>
      <translation>Beziehen höchstens</translation>
    </message>
    <message>
      <source>Import while a grid link is silent</source>
      <translation>Beziehen, solange eine Netzverbindung stumm ist</translation>
    </message>
    <message>
      <source>In the battery</source>
      <translation>In der Batterie</translation>
    </message>
    <message>
      <source>Installer</source>
      <translation>Installation</translation>
    </message>
    <message>
      <source>Installer's PIN</source>
      <translation>PIN der Installationsseite</translation>
    </message>
    <message>
      <source>Inverter</source>
      <translation>Wechselrichter</translation>
    </message>
    <message>
      <source>Issued by {issuer}</source>
      <translation>Ausgestellt von {issuer}</translation>
    </message>
    <message>
      <source>It answers. Now test its sign: the reading must rise when a load is switched on.</source>
      <translation>Er antwortet. Jetzt das Vorzeichen prüfen: Der Wert muss steigen, wenn ein Verbraucher angeht.</translation>
    </message>
    <message>
      <source>It charges with {power}.</source>
      <translation>Lädt mit {power}.</translation>
    </message>
    <message>
      <source>It does not answer.</source>
      <translation>Antwortet nicht.</translation>
    </message>
    <message>
      <source>It feeds {power}.</source>
      <translation>Speist {power}.</translation>
    </message>
    <message>
      <source>It follows its own rule.</source>
      <translation>Folgt seiner eigenen Regel.</translation>
    </message>
    <message>
      <source>It is being heated.</source>
      <translation>Wird geheizt.</translation>
    </message>
    <message>
      <source>It is on</source>
      <translation>Er ist an</translation>
    </message>
    <message>
      <source>It reads {power} now. Switch on a kettle or an oven, wait five seconds, then go on.</source>
      <translation>Er zeigt jetzt {power}. Wasserkocher oder Backofen einschalten, fünf Sekunden warten, dann weiter.</translation>
    </message>
    <message>
      <source>It rests.</source>
      <translation>Ruht.</translation>
    </message>
    <message>
      <source>It still runs, or the engine was stopped while it ran.</source>
      <translation>Er läuft noch, oder die Engine wurde beendet, während er lief.</translation>
    </message>
    <message>
      <source>It takes the place of the capture that is kept.</source>
      <translation>Der aufgehobene Mitschnitt wird dabei ersetzt.</translation>
    </message>
    <message>
      <source>Keep it</source>
      <translation>Behalten</translation>
    </message>
    <message>
      <source>Keeps more in hand on uncertain days; that may cost a little.</source>
      <translation>Hält an unsicheren Tagen mehr zurück; das kann ein wenig kosten.</translation>
    </message>
    <message>
      <source>Keys</source>
      <translation>Tasten</translation>
    </message>
    <message>
      <source>Known after the first full hour.</source>
      <translation>Bekannt nach der ersten vollen Stunde.</translation>
    </message>
    <message>
      <source>Known once the car has given energy back.</source>
      <translation>Bekannt, sobald das Auto Energie abgegeben hat.</translation>
    </message>
    <message>
      <source>Known once the car has said its first word.</source>
      <translation>Bekannt, sobald das Auto sein erstes Wort gesagt hat.</translation>
    </message>
    <message>
      <source>Known once the event has begun.</source>
      <translation>Bekannt, sobald das Ereignis begonnen hat.</translation>
    </message>
    <message>
      <source>Known when the utility's terms name a price.</source>
      <translation>Bekannt, wenn der Versorger einen Preis nennt.</translation>
    </message>
    <message>
      <source>Known while a car is plugged in.</source>
      <translation>Bekannt, solange ein Auto eingesteckt ist.</translation>
    </message>
    <message>
      <source>Language</source>
      <translation>Sprache</translation>
    </message>
    <message>
      <source>Later</source>
      <translation>Später</translation>
    </message>
    <message>
      <source>Leave earlier</source>
      <translation>Früher abfahren</translation>
    </message>
    <message>
      <source>Leave later</source>
      <translation>Später abfahren</translation>
    </message>
    <message>
      <source>Leaving {time}: {money}.</source>
      <translation>Abfahrt {time}: {money}.</translation>
    </message>
    <message>
      <source>Left and right move the cursor; with Shift they move the departure by a quarter of an hour.</source>
      <translation>Links und rechts bewegen den Zeiger, mit Umschalt die Abfahrt um eine Viertelstunde.</translation>
    </message>
    <message>
      <source>Less motion: arrows instead of moving dots</source>
      <translation>Weniger Bewegung: Pfeile statt wandernder Punkte</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>Hell</translation>
    </message>
    <message>
      <source>Like the system</source>
      <translation>Wie das System</translation>
    </message>
    <message>
      <source>Limit of charging</source>
      <translation>Grenze für das Laden</translation>
    </message>
    <message>
      <source>Limit of feeding</source>
      <translation>Grenze für das Speisen</translation>
    </message>
    <message>
      <source>Limit of what the home draws</source>
      <translation>Grenze für den Bezug</translation>
    </message>
    <message>
      <source>Limit of what the home gives</source>
      <translation>Grenze für die Einspeisung</translation>
    </message>
    <message>
      <source>Limits</source>
      <translation>Grenzen</translation>
    </message>
    <message>
      <source>Line {line}: {problem}</source>
      <translation>Zeile {line}: {problem}</translation>
    </message>
    <message>
      <source>Links</source>
      <translation>Verbindungen</translation>
    </message>
    <message>
      <source>Loading</source>
      <translation>Wird geladen</translation>
    </message>
    <message>
      <source>Look around in the demo home</source>
      <translation>Im Demo-Haus umsehen</translation>
    </message>
    <message>
      <source>Looking for the engine. Start one with: twoway engine</source>
      <translation>Die Engine wird gesucht. Starten mit: twoway engine</translation>
    </message>
    <message>
      <source>Lowest charge to keep</source>
      <translation>Mindestladung</translation>
    </message>
    <message>
      <source>Machines and stores</source>
      <translation>Geräte und Speicher</translation>
    </message>
    <message>
      <source>Main fuse</source>
      <translation>Hauptsicherung</translation>
    </message>
    <message>
      <source>Main fuse in ampere</source>
      <translation>Hauptsicherung in Ampere</translation>
    </message>
    <message>
      <source>Message</source>
      <translation>Nachricht</translation>
    </message>
    <message>
      <source>Messages</source>
      <translation>Nachrichten</translation>
    </message>
    <message>
      <source>Meter</source>
      <translation>Zähler</translation>
    </message>
    <message>
      <source>Meter silent</source>
      <translation>Zähler stumm</translation>
    </message>
    <message>
      <source>Mobility operator's root</source>
      <translation>Wurzel des Mobilitätsanbieters</translation>
    </message>
    <message>
      <source>Month</source>
      <translation>Monat</translation>
    </message>
    <message>
      <source>More is not allowed now.</source>
      <translation>Mehr ist gerade nicht erlaubt.</translation>
    </message>
    <message>
      <source>Most it carries</source>
      <translation>Trägt höchstens</translation>
    </message>
    <message>
      <source>Move the cursor in a plot</source>
      <translation>Zeiger im Diagramm bewegen</translation>
    </message>
    <message>
      <source>Move the departure in the plan</source>
      <translation>Abfahrt im Plan verschieben</translation>
    </message>
    <message>
      <source>Next, {time}</source>
      <translation>Als Nächstes {time}</translation>
    </message>
    <message>
      <source>Next, {time}: {step}</source>
      <translation>Danach, {time}: {step}</translation>
    </message>
    <message>
      <source>No car</source>
      <translation>Kein Auto</translation>
    </message>
    <message>
      <source>No car is plugged in.</source>
      <translation>Es ist kein Auto eingesteckt.</translation>
    </message>
    <message>
      <source>No car is plugged in. Plug it in, and it is ready by the time you set here.</source>
      <translation>Es ist kein Auto eingesteckt. Einmal eingesteckt, ist es zu der Zeit bereit, die hier steht.</translation>
    </message>
    <message>
      <source>No car plugged in</source>
      <translation>Kein Auto eingesteckt</translation>
    </message>
    <message>
      <source>No decision is kept of this day.</source>
      <translation>Von diesem Tag ist keine Entscheidung aufbewahrt.</translation>
    </message>
    <message>
      <source>No departure is set.</source>
      <translation>Es ist keine Abfahrt eingestellt.</translation>
    </message>
    <message>
      <source>No departure is set. Say when you need the car, and it will be ready.</source>
      <translation>Es ist keine Abfahrt eingestellt. Sagen Sie, wann Sie das Auto brauchen, und es ist bereit.</translation>
    </message>
    <message>
      <source>No events yet</source>
      <translation>Noch keine Ereignisse</translation>
    </message>
    <message>
      <source>No instrument of this home measures it.</source>
      <translation>Kein Messgerät dieses Hauses misst es.</translation>
    </message>
    <message>
      <source>No limit is set in the home file.</source>
      <translation>In der Hausdatei steht keine Grenze.</translation>
    </message>
    <message>
      <source>No meter yet: without one, the fuse cannot be watched and the car stays still.</source>
      <translation>Noch kein Zähler: Ohne ihn lässt sich die Sicherung nicht überwachen, und das Auto bleibt still.</translation>
    </message>
    <message>
      <source>No plan yet</source>
      <translation>Noch kein Plan</translation>
    </message>
    <message>
      <source>No plan yet. The first one is made as soon as the meter and the prices are known; it takes a minute.</source>
      <translation>Noch kein Plan. Der erste entsteht, sobald Zähler und Preise bekannt sind; das dauert eine Minute.</translation>
    </message>
    <message>
      <source>No power flowed within a minute. Read the charger's and the car's messages on the Car page.</source>
      <translation>Binnen einer Minute floss kein Strom. Die Nachrichten von Wallbox und Auto stehen auf der Seite Auto.</translation>
    </message>
    <message>
      <source>No session has been recorded yet: it begins when a car is plugged in.</source>
      <translation>Noch ist kein Ladevorgang aufgezeichnet: Das beginnt, wenn ein Auto eingesteckt wird.</translation>
    </message>
    <message>
      <source>No utility and no backend is set up.</source>
      <translation>Weder Versorger noch Backend ist eingerichtet.</translation>
    </message>
    <message>
      <source>No weekly departure yet. Add one, and the car is ready in time, week by week.</source>
      <translation>Noch keine wöchentliche Abfahrt. Einmal hinzugefügt, ist das Auto Woche für Woche rechtzeitig bereit.</translation>
    </message>
    <message>
      <source>Nobody asked for it: the car usually leaves then ({chance} of such days).</source>
      <translation>Nicht bestellt: Dann fährt das Auto üblicherweise weg (an {chance} solcher Tage).</translation>
    </message>
    <message>
      <source>Not agreed yet.</source>
      <translation>Noch nicht vereinbart.</translation>
    </message>
    <message>
      <source>Not in the home file.</source>
      <translation>Nicht in der Hausdatei.</translation>
    </message>
    <message>
      <source>Not today</source>
      <translation>Heute nicht</translation>
    </message>
    <message>
      <source>Noted.</source>
      <translation>Notiert.</translation>
    </message>
    <message>
      <source>Nothing here yet. From the first full hour on, this shows where your energy came from and where it went.</source>
      <translation>Noch nichts da. Ab der ersten vollen Stunde steht hier, woher Ihre Energie kam und wohin sie ging.</translation>
    </message>
    <message>
      <source>Nothing is due.</source>
      <translation>Nichts steht an.</translation>
    </message>
    <message>
      <source>Nothing was measured yet.</source>
      <translation>Es wurde noch nichts gemessen.</translation>
    </message>
    <message>
      <source>Notify me when a promise breaks or a decision is asked</source>
      <translation>Melden, wenn eine Zusage bricht oder eine Entscheidung ansteht</translation>
    </message>
    <message>
      <source>Now</source>
      <translation>Jetzt</translation>
    </message>
    <message>
      <source>Old readings: the meter is silent</source>
      <translation>Alte Werte: Der Zähler ist stumm</translation>
    </message>
    <message>
      <source>On track</source>
      <translation>Im Plan</translation>
    </message>
    <message>
      <source>On track, ready {time}</source>
      <translation>Im Plan, bereit {time}</translation>
    </message>
    <message>
      <source>On uncertain days</source>
      <translation>An unsicheren Tagen</translation>
    </message>
    <message>
      <source>Once, instead of the weekly one</source>
      <translation>Einmalig, statt der wöchentlichen</translation>
    </message>
    <message>
      <source>Open</source>
      <translation>Öffnen</translation>
    </message>
    <message>
      <source>Open Twoway</source>
      <translation>Twoway öffnen</translation>
    </message>
    <message>
      <source>Open a page</source>
      <translation>Eine Seite öffnen</translation>
    </message>
    <message>
      <source>Open the demo home</source>
      <translation>Demo-Haus öffnen</translation>
    </message>
    <message>
      <source>Open the events</source>
      <translation>Ereignisse öffnen</translation>
    </message>
    <message>
      <source>Open the folder</source>
      <translation>Ordner öffnen</translation>
    </message>
    <message>
      <source>Open the history</source>
      <translation>Verlauf öffnen</translation>
    </message>
    <message>
      <source>Opt out</source>
      <translation>Aussteigen</translation>
    </message>
    <message>
      <source>Opt out …</source>
      <translation>Aussteigen …</translation>
    </message>
    <message>
      <source>Pages</source>
      <translation>Seiten</translation>
    </message>
    <message>
      <source>Papers</source>
      <translation>Unterlagen</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>Pause</translation>
    </message>
    <message>
      <source>Pause charging and feeding</source>
      <translation>Laden und Speisen pausieren</translation>
    </message>
    <message>
      <source>Paused</source>
      <translation>Pausiert</translation>
    </message>
    <message>
      <source>Paused by you: the car neither charges nor feeds until you go on.</source>
      <translation>Von Ihnen pausiert: Das Auto lädt und speist nicht, bis Sie fortsetzen.</translation>
    </message>
    <message>
      <source>Paused: the car stays as it is.</source>
      <translation>Pausiert: Das Auto bleibt, wie es ist.</translation>
    </message>
    <message>
      <source>Pay for giving</source>
      <translation>Vergütung für die Einspeisung</translation>
    </message>
    <message>
      <source>Period</source>
      <translation>Zeitraum</translation>
    </message>
    <message>
      <source>Phase {number}</source>
      <translation>Phase {number}</translation>
    </message>
    <message>
      <source>Phases</source>
      <translation>Phasen</translation>
    </message>
    <message>
      <source>Picture of the power flows</source>
      <translation>Bild der Energieflüsse</translation>
    </message>
    <message>
      <source>Place and date</source>
      <translation>Ort und Datum</translation>
    </message>
    <message>
      <source>Plan</source>
      <translation>Plan</translation>
    </message>
    <message>
      <source>Plan: prices, power and charge over time</source>
      <translation>Plan: Preise, Leistung und Ladestand im Zeitverlauf</translation>
    </message>
    <message>
      <source>Planning anew for {time} …</source>
      <translation>Neuer Plan für {time} …</translation>
    </message>
    <message>
      <source>Plans for what is most likely, and takes the rare bad day.</source>
      <translation>Plant für das Wahrscheinlichste und nimmt den seltenen schlechten Tag in Kauf.</translation>
    </message>
    <message>
      <source>Plug a car in and prove that it charges.</source>
      <translation>Ein Auto einstecken und zeigen, dass es lädt.</translation>
    </message>
    <message>
      <source>Plug a car in first.</source>
      <translation>Zuerst ein Auto einstecken.</translation>
    </message>
    <message>
      <source>Plugged in</source>
      <translation>Eingesteckt</translation>
    </message>
    <message>
      <source>Point at a bar to read it.</source>
      <translation>Auf einen Balken zeigen, um ihn abzulesen.</translation>
    </message>
    <message>
      <source>Power of the car</source>
      <translation>Leistung des Autos</translation>
    </message>
    <message>
      <source>Power of the home</source>
      <translation>Leistung des Hauses</translation>
    </message>
    <message>
      <source>Power through it</source>
      <translation>Leistung darüber</translation>
    </message>
    <message>
      <source>Power, kW</source>
      <translation>Leistung, kW</translation>
    </message>
    <message>
      <source>Price of drawing</source>
      <translation>Preis für den Bezug</translation>
    </message>
    <message>
      <source>Price per kWh</source>
      <translation>Preis je kWh</translation>
    </message>
    <message>
      <source>Prices are missing: those of the home file are used.</source>
      <translation>Preise fehlen: Es gelten die aus der Hausdatei.</translation>
    </message>
    <message>
      <source>Proof</source>
      <translation>Nachweis</translation>
    </message>
    <message>
      <source>Protocol</source>
      <translation>Protokoll</translation>
    </message>
    <message>
      <source>Protocol messages</source>
      <translation>Protokollnachrichten</translation>
    </message>
    <message>
      <source>Provisioning service</source>
      <translation>Bereitstellungsdienst</translation>
    </message>
    <message>
      <source>Quit; the engine goes on</source>
      <translation>Beenden; die Engine läuft weiter</translation>
    </message>
    <message>
      <source>Read at</source>
      <translation>Gelesen um</translation>
    </message>
    <message>
      <source>Read the main fuse in the meter cupboard and compare.</source>
      <translation>Die Hauptsicherung im Zählerschrank ablesen und vergleichen.</translation>
    </message>
    <message>
      <source>Ready by</source>
      <translation>Bereit um</translation>
    </message>
    <message>
      <source>Reconnect to the engine</source>
      <translation>Neu mit der Engine verbinden</translation>
    </message>
    <message>
      <source>Relays</source>
      <translation>Relais</translation>
    </message>
    <message>
      <source>Remove this departure</source>
      <translation>Diese Abfahrt entfernen</translation>
    </message>
    <message>
      <source>Report as PDF</source>
      <translation>Protokoll als PDF</translation>
    </message>
    <message>
      <source>Reserve</source>
      <translation>Reserve</translation>
    </message>
    <message>
      <source>Reserve (dashed)</source>
      <translation>Reserve (gestrichelt)</translation>
    </message>
    <message>
      <source>Reserve for the grid</source>
      <translation>Reserve für das Netz</translation>
    </message>
    <message>
      <source>Reset</source>
      <translation>Zurücksetzen</translation>
    </message>
    <message>
      <source>Reset it only once somebody has found and mended the cause: the charger may then switch on at once. This cannot be undone.</source>
      <translation>Erst zurücksetzen, wenn die Ursache gefunden und behoben ist: Die Wallbox darf danach sofort einschalten. Das lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
      <source>Reset the fault …</source>
      <translation>Störung zurücksetzen …</translation>
    </message>
    <message>
      <source>Revocation service</source>
      <translation>Sperrauskunft</translation>
    </message>
    <message>
      <source>Roof</source>
      <translation>Dach</translation>
    </message>
    <message>
      <source>Roof forecast: off by {off} on average.</source>
      <translation>Dachprognose: im Mittel um {off} daneben.</translation>
    </message>
    <message>
      <source>Roof forecast: off by {off} on average; simple averages {simple}.</source>
      <translation>Dachprognose: im Mittel um {off} daneben; einfache Mittelwerte um {simple}.</translation>
    </message>
    <message>
      <source>Roof power</source>
      <translation>Leistung Dach</translation>
    </message>
    <message>
      <source>Roof to battery</source>
      <translation>Dach in den Speicher</translation>
    </message>
    <message>
      <source>Roof to car</source>
      <translation>Dach ins Auto</translation>
    </message>
    <message>
      <source>Roof to grid</source>
      <translation>Dach ins Netz</translation>
    </message>
    <message>
      <source>Roof to house</source>
      <translation>Dach ins Haus</translation>
    </message>
    <message>
      <source>Save</source>
      <translation>Speichern</translation>
    </message>
    <message>
      <source>Save the capture</source>
      <translation>Mitschnitt speichern</translation>
    </message>
    <message>
      <source>Save the session of {time}</source>
      <translation>Ladevorgang vom {time} speichern</translation>
    </message>
    <message>
      <source>Saved as {path}.</source>
      <translation>Gespeichert als {path}.</translation>
    </message>
    <message>
      <source>Saved. The plan is made anew.</source>
      <translation>Gespeichert. Der Plan wird neu gemacht.</translation>
    </message>
    <message>
      <source>Sell</source>
      <translation>Einspeisung</translation>
    </message>
    <message>
      <source>Sell to the grid</source>
      <translation>Ins Netz verkaufen</translation>
    </message>
    <message>
      <source>Sell to the grid (dashed)</source>
      <translation>Einspeisepreis (gestrichelt)</translation>
    </message>
    <message>
      <source>Selling from the car to the grid until {until_s}, because it pays {price_eur_per_kwh} and the car refills at {refill_price_eur_per_kwh} ({refill_s}).</source>
      <translation>Das Auto verkauft bis {until_s} ins Netz, weil es {price_eur_per_kwh} bringt und das Auto für {refill_price_eur_per_kwh} nachlädt ({refill_s}).</translation>
    </message>
    <message>
      <source>Selling from the car to the grid, because it pays well.</source>
      <translation>Das Auto verkauft ins Netz, weil es sich lohnt.</translation>
    </message>
    <message>
      <source>Selling from the car to the grid, because it pays {price_eur_per_kwh} and the car refills at {refill_price_eur_per_kwh} ({refill_s}).</source>
      <translation>Das Auto verkauft ins Netz, weil es {price_eur_per_kwh} bringt und das Auto für {refill_price_eur_per_kwh} nachlädt ({refill_s}).</translation>
    </message>
    <message>
      <source>Selling from the car to the grid, because it pays {price_eur_per_kwh}.</source>
      <translation>Das Auto verkauft ins Netz, weil es {price_eur_per_kwh} bringt.</translation>
    </message>
    <message>
      <source>Session</source>
      <translation>Ladevorgang</translation>
    </message>
    <message>
      <source>Sessions that begin now are captured, for another {minutes} min.</source>
      <translation>Was jetzt beginnt, wird mitgeschnitten, noch {minutes} min lang.</translation>
    </message>
    <message>
      <source>Set the PIN</source>
      <translation>PIN setzen</translation>
    </message>
    <message>
      <source>Set up</source>
      <translation>Einrichten</translation>
    </message>
    <message>
      <source>Set up this home</source>
      <translation>Dieses Haus einrichten</translation>
    </message>
    <message>
      <source>Set-point</source>
      <translation>Sollwert</translation>
    </message>
    <message>
      <source>Settings</source>
      <translation>Einstellungen</translation>
    </message>
    <message>
      <source>Show</source>
      <translation>Zeigen</translation>
    </message>
    <message>
      <source>Show earlier ones</source>
      <translation>Frühere zeigen</translation>
    </message>
    <message>
      <source>Show protocol details</source>
      <translation>Protokolldetails zeigen</translation>
    </message>
    <message>
      <source>Single departure</source>
      <translation>Einmalige Abfahrt</translation>
    </message>
    <message>
      <source>Some power is kept free to steady the grid.</source>
      <translation>Etwas Leistung bleibt frei, um das Netz zu stützen.</translation>
    </message>
    <message>
      <source>Standing still, because the meter has not answered: without it the fuse cannot be watched.</source>
      <translation>Steht still, weil der Zähler nicht antwortet: Ohne ihn lässt sich die Sicherung nicht überwachen.</translation>
    </message>
    <message>
      <source>Start a test charge</source>
      <translation>Probeladung starten</translation>
    </message>
    <message>
      <source>Start it then: power is cheapest for it.</source>
      <translation>Dann starten: Der Strom ist dafür am günstigsten.</translation>
    </message>
    <message>
      <source>Starting the engine; this takes a few seconds …</source>
      <translation>Die Engine startet; das dauert einige Sekunden …</translation>
    </message>
    <message>
      <source>State</source>
      <translation>Zustand</translation>
    </message>
    <message>
      <source>Stay in</source>
      <translation>Dabei bleiben</translation>
    </message>
    <message>
      <source>Stay in the tray when the window is closed</source>
      <translation>Im Infobereich bleiben, wenn das Fenster geschlossen wird</translation>
    </message>
    <message>
      <source>Steadying the grid with {answer_w}: its frequency is {frequency_hz}.</source>
      <translation>Stützt das Netz mit {answer_w}: Seine Frequenz liegt bei {frequency_hz}.</translation>
    </message>
    <message>
      <source>Steadying the grid's frequency</source>
      <translation>Netzfrequenz stützen</translation>
    </message>
    <message>
      <source>Steadying the grid's frequency.</source>
      <translation>Stützt die Netzfrequenz.</translation>
    </message>
    <message>
      <source>Steadying the grid, whose frequency is {frequency_hz}.</source>
      <translation>Stützt das Netz, dessen Frequenz bei {frequency_hz} liegt.</translation>
    </message>
    <message>
      <source>Stop the capture</source>
      <translation>Mitschnitt beenden</translation>
    </message>
    <message>
      <source>Support case</source>
      <translation>Hilfe anfordern</translation>
    </message>
    <message>
      <source>Take part again</source>
      <translation>Wieder mitmachen</translation>
    </message>
    <message>
      <source>Temperature</source>
      <translation>Temperatur</translation>
    </message>
    <message>
      <source>Test again</source>
      <translation>Noch einmal prüfen</translation>
    </message>
    <message>
      <source>Test the meter's sign</source>
      <translation>Vorzeichen des Zählers prüfen</translation>
    </message>
    <message>
      <source>Test the sign …</source>
      <translation>Vorzeichen prüfen …</translation>
    </message>
    <message>
      <source>Text size</source>
      <translation>Textgröße</translation>
    </message>
    <message>
      <source>That is not the PIN.</source>
      <translation>Das ist nicht die PIN.</translation>
    </message>
    <message>
      <source>The battery does not answer.</source>
      <translation>Der Speicher antwortet nicht.</translation>
    </message>
    <message>
      <source>The boost has ended; the plan goes on.</source>
      <translation>Das Schnellladen ist beendet; der Plan geht weiter.</translation>
    </message>
    <message>
      <source>The car</source>
      <translation>Das Auto</translation>
    </message>
    <message>
      <source>The car charged with {power}.</source>
      <translation>Das Auto hat mit {power} geladen.</translation>
    </message>
    <message>
      <source>The car charges at full power for {minutes} min.</source>
      <translation>Das Auto lädt {minutes} min mit voller Leistung.</translation>
    </message>
    <message>
      <source>The car does not discharge, because you have switched V2G off.</source>
      <translation>Das Auto entlädt nicht, weil Sie V2G ausgeschaltet haben.</translation>
    </message>
    <message>
      <source>The car has not told its charge yet.</source>
      <translation>Das Auto hat seinen Ladestand noch nicht genannt.</translation>
    </message>
    <message>
      <source>The car has not told its limits yet.</source>
      <translation>Das Auto hat seine Grenzen noch nicht genannt.</translation>
    </message>
    <message>
      <source>The car has shown none.</source>
      <translation>Das Auto hat keines gezeigt.</translation>
    </message>
    <message>
      <source>The car is at {target_soc} and needs nothing more.</source>
      <translation>Das Auto hat {target_soc} und braucht nichts mehr.</translation>
    </message>
    <message>
      <source>The car is expected to be away.</source>
      <translation>Das Auto ist voraussichtlich unterwegs.</translation>
    </message>
    <message>
      <source>The car is full and needs nothing more.</source>
      <translation>Das Auto ist voll und braucht nichts mehr.</translation>
    </message>
    <message>
      <source>The car may feed the house</source>
      <translation>Das Auto darf das Haus versorgen</translation>
    </message>
    <message>
      <source>The car may sell to the grid</source>
      <translation>Das Auto darf ins Netz verkaufen</translation>
    </message>
    <message>
      <source>The car rests: the house needs nothing from it now.</source>
      <translation>Das Auto ruht: Das Haus braucht gerade nichts von ihm.</translation>
    </message>
    <message>
      <source>The car stopped feeding at its reserve of {reserve_soc}, which you keep for the unexpected.</source>
      <translation>Das Auto speist nicht mehr: Es ist bei der Reserve von {reserve_soc}, die für Unerwartetes bleibt.</translation>
    </message>
    <message>
      <source>The car stopped feeding at its reserve, which you keep for the unexpected.</source>
      <translation>Das Auto speist nicht mehr: Es ist bei der Reserve, die für Unerwartetes bleibt.</translation>
    </message>
    <message>
      <source>The car takes or gives no more.</source>
      <translation>Mehr nimmt oder gibt das Auto nicht.</translation>
    </message>
    <message>
      <source>The car waits until it answers again.</source>
      <translation>Das Auto wartet, bis es wieder antwortet.</translation>
    </message>
    <message>
      <source>The car will not be ready in time</source>
      <translation>Das Auto wird nicht rechtzeitig bereit</translation>
    </message>
    <message>
      <source>The car's certificate</source>
      <translation>Zertifikat des Autos</translation>
    </message>
    <message>
      <source>The charger can do no more.</source>
      <translation>Mehr kann die Wallbox nicht.</translation>
    </message>
    <message>
      <source>The charger has not told when the car came.</source>
      <translation>Die Wallbox hat nicht genannt, wann das Auto kam.</translation>
    </message>
    <message>
      <source>The day is young: what it costs and what V2G saves shows here after the first hour.</source>
      <translation>Der Tag ist jung: Was er kostet und was V2G spart, steht hier nach der ersten Stunde.</translation>
    </message>
    <message>
      <source>The demo home opens in a window of its own.</source>
      <translation>Das Demo-Haus öffnet sich in einem eigenen Fenster.</translation>
    </message>
    <message>
      <source>The device has not told it yet.</source>
      <translation>Das Gerät hat es noch nicht genannt.</translation>
    </message>
    <message>
      <source>The engine answered with error {status}.</source>
      <translation>Die Engine antwortete mit Fehler {status}.</translation>
    </message>
    <message>
      <source>The engine did not start: run 'twoway doctor' in a terminal.</source>
      <translation>Die Engine ist nicht gestartet: „twoway doctor“ im Terminal sagt, warum.</translation>
    </message>
    <message>
      <source>The engine does not answer: nothing was changed. The window reconnects by itself.</source>
      <translation>Die Engine antwortet nicht: Es wurde nichts geändert. Das Fenster verbindet sich von selbst neu.</translation>
    </message>
    <message>
      <source>The engine has not told the charger anything yet.</source>
      <translation>Die Engine hat der Wallbox noch nichts gesagt.</translation>
    </message>
    <message>
      <source>The engine is away since {time}. The window reconnects by itself.</source>
      <translation>Die Engine fehlt seit {time}. Das Fenster verbindet sich von selbst neu.</translation>
    </message>
    <message>
      <source>The engine is away: nothing was changed.</source>
      <translation>Die Engine fehlt: Es wurde nichts geändert.</translation>
    </message>
    <message>
      <source>The engine speaks another version of its interface: update the window and the engine together.</source>
      <translation>Die Engine spricht eine andere Version der Schnittstelle: Fenster und Engine gemeinsam aktualisieren.</translation>
    </message>
    <message>
      <source>The engine's answer cannot be read: update the window and the engine together.</source>
      <translation>Die Antwort der Engine ist nicht lesbar: Fenster und Engine gemeinsam aktualisieren.</translation>
    </message>
    <message>
      <source>The engine's copy is deleted for good; what you have saved stays where it is.</source>
      <translation>Die Kopie der Engine wird endgültig gelöscht; was Sie gespeichert haben, bleibt, wo es ist.</translation>
    </message>
    <message>
      <source>The fault is reset. What is still wrong shows again within seconds.</source>
      <translation>Die Störung ist zurückgesetzt. Was noch nicht stimmt, zeigt sich binnen Sekunden wieder.</translation>
    </message>
    <message>
      <source>The file could not be written to {folder}: {problem}.</source>
      <translation>Die Datei ließ sich nicht nach {folder} schreiben: {problem}.</translation>
    </message>
    <message>
      <source>The grid allows no more.</source>
      <translation>Mehr erlaubt das Netz nicht.</translation>
    </message>
    <message>
      <source>The grid asks nothing of your home now.</source>
      <translation>Das Netz fordert gerade nichts von Ihrem Haus.</translation>
    </message>
    <message>
      <source>The home file is in order. Nothing was written.</source>
      <translation>Die Hausdatei ist in Ordnung. Es wurde nichts geschrieben.</translation>
    </message>
    <message>
      <source>The home file names no charger.</source>
      <translation>Die Hausdatei nennt keine Wallbox.</translation>
    </message>
    <message>
      <source>The home file names none.</source>
      <translation>Die Hausdatei nennt keinen.</translation>
    </message>
    <message>
      <source>The home may export no more.</source>
      <translation>Mehr darf das Haus nicht einspeisen.</translation>
    </message>
    <message>
      <source>The laboratory switch is set: cars may come without encryption. Take it out of the home file when done.</source>
      <translation>Der Laborschalter ist gesetzt: Autos dürfen unverschlüsselt kommen. Danach aus der Hausdatei nehmen.</translation>
    </message>
    <message>
      <source>The last sessions, for who helps to find a fault. They hold no key.</source>
      <translation>Die letzten Ladevorgänge, für alle, die beim Suchen einer Störung helfen. Schlüssel sind nicht darin.</translation>
    </message>
    <message>
      <source>The load is on {phase}.</source>
      <translation>Der Verbraucher liegt auf {phase}.</translation>
    </message>
    <message>
      <source>The main fuse carries no more.</source>
      <translation>Mehr trägt die Hauptsicherung nicht.</translation>
    </message>
    <message>
      <source>The message's content</source>
      <translation>Inhalt der Nachricht</translation>
    </message>
    <message>
      <source>The meter is silent: the plan goes by its forecasts, and the car takes no more than is safe.</source>
      <translation>Der Zähler schweigt: Der Plan folgt den Vorhersagen, und das Auto nimmt nicht mehr, als sicher ist.</translation>
    </message>
    <message>
      <source>The meter tells no grid power yet: wait until it answers.</source>
      <translation>Der Zähler nennt noch keine Netzleistung: warten, bis er antwortet.</translation>
    </message>
    <message>
      <source>The new departure holds.</source>
      <translation>Die neue Abfahrt gilt.</translation>
    </message>
    <message>
      <source>The optimiser gave no answer: a simple rule made this plan.</source>
      <translation>Der Optimierer gab keine Antwort: Eine einfache Regel machte diesen Plan.</translation>
    </message>
    <message>
      <source>The plan goes by what is expected alone: uncertain days could not be laid out.</source>
      <translation>Der Plan folgt allein dem Erwarteten: Unsichere Tage ließen sich nicht abbilden.</translation>
    </message>
    <message>
      <source>The plan goes on.</source>
      <translation>Der Plan geht weiter.</translation>
    </message>
    <message>
      <source>The plan is being made.</source>
      <translation>Der Plan entsteht gerade.</translation>
    </message>
    <message>
      <source>The reading fell by {power}: the meter's sign is wrong. Turn the current clamps round, or set the sign in its profile.</source>
      <translation>Der Wert fiel um {power}: Das Vorzeichen des Zählers ist falsch. Die Stromwandler umdrehen oder das Vorzeichen im Profil setzen.</translation>
    </message>
    <message>
      <source>The reading moved by {power} only. Switch on a larger load, such as a kettle.</source>
      <translation>Der Wert änderte sich nur um {power}. Einen größeren Verbraucher einschalten, etwa einen Wasserkocher.</translation>
    </message>
    <message>
      <source>The reading rose by {power}: the sign is right.</source>
      <translation>Der Wert stieg um {power}: Das Vorzeichen stimmt.</translation>
    </message>
    <message>
      <source>The report lists every step and limit, to sign and leave with the home. The bundle helps to find a fault: it holds no secret.</source>
      <translation>Das Protokoll nennt jeden Schritt und jede Grenze, zum Unterschreiben und Dalassen. Das Paket hilft bei der Fehlersuche: Es enthält kein Geheimnis.</translation>
    </message>
    <message>
      <source>The roof feeds</source>
      <translation>Das Dach versorgt</translation>
    </message>
    <message>
      <source>The run file {path} cannot be read: start the engine anew.</source>
      <translation>Die Laufdatei {path} ist nicht lesbar: Die Engine neu starten.</translation>
    </message>
    <message>
      <source>The run file {path} names no web address: start the engine anew.</source>
      <translation>Die Laufdatei {path} nennt keine Adresse: Die Engine neu starten.</translation>
    </message>
    <message>
      <source>The session is being ended.</source>
      <translation>Der Ladevorgang wird beendet.</translation>
    </message>
    <message>
      <source>The token file {path} cannot be read: run the window as the engine's user.</source>
      <translation>Die Schlüsseldatei {path} ist nicht lesbar: Das Fenster als Benutzer der Engine starten.</translation>
    </message>
    <message>
      <source>There is no plan: departures and reserve are kept by a simple rule. It is tried again.</source>
      <translation>Es gibt keinen Plan: Eine einfache Regel hält Abfahrten und Reserve ein. Es wird erneut versucht.</translation>
    </message>
    <message>
      <source>They are being looked at …</source>
      <translation>Sie werden gerade geprüft …</translation>
    </message>
    <message>
      <source>This home has no certificates yet: twoway pki make gives it a set of its own.</source>
      <translation>Dieses Haus hat noch keine Zertifikate: twoway pki make gibt ihm einen eigenen Satz.</translation>
    </message>
    <message>
      <source>This home's root</source>
      <translation>Wurzel dieses Hauses</translation>
    </message>
    <message>
      <source>This page sets the fuse and the limits of the home. The PIN keeps them from being changed by accident; it is kept on this machine, hashed.</source>
      <translation>Diese Seite setzt Sicherung und Grenzen des Hauses. Die PIN schützt vor versehentlichem Ändern; sie bleibt als Hash auf diesem Rechner.</translation>
    </message>
    <message>
      <source>This session</source>
      <translation>Dieser Ladevorgang</translation>
    </message>
    <message>
      <source>This session is not encrypted: a laboratory switch in the home file lets it go on. Whoever is on the cable can read and change it.</source>
      <translation>Dieser Ladevorgang ist nicht verschlüsselt: Ein Laborschalter in der Hausdatei lässt ihn zu. Wer am Kabel ist, kann mitlesen und eingreifen.</translation>
    </message>
    <message>
      <source>Time</source>
      <translation>Zeit</translation>
    </message>
    <message>
      <source>Time of departure</source>
      <translation>Abfahrtszeit</translation>
    </message>
    <message>
      <source>To the grid</source>
      <translation>Ins Netz</translation>
    </message>
    <message>
      <source>Today</source>
      <translation>Heute</translation>
    </message>
    <message>
      <source>Try now</source>
      <translation>Jetzt versuchen</translation>
    </message>
    <message>
      <source>Two figures from the fuse box to begin with; the installer's page then leads through meter, roof and charger.</source>
      <translation>Zwei Angaben aus dem Zählerschrank genügen für den Anfang; die Installationsseite führt dann durch Zähler, Dach und Wallbox.</translation>
    </message>
    <message>
      <source>Twoway moves power between your car, your house, your roof and the grid, so that it costs less and the car is ready when you leave.</source>
      <translation>Twoway bewegt Strom zwischen Auto, Haus, Dach und Netz, damit er weniger kostet und das Auto zur Abfahrt bereit ist.</translation>
    </message>
    <message>
      <source>Twoway switches it on.</source>
      <translation>Twoway schaltet es ein.</translation>
    </message>
    <message>
      <source>Twoway {version} · the engine goes on when this window is closed.</source>
      <translation>Twoway {version} · Die Engine läuft weiter, wenn dieses Fenster geschlossen ist.</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>Rückgängig</translation>
    </message>
    <message>
      <source>Utility's event</source>
      <translation>Ereignis des Versorgers</translation>
    </message>
    <message>
      <source>Utility's price</source>
      <translation>Preis des Versorgers</translation>
    </message>
    <message>
      <source>V2G is off</source>
      <translation>V2G ist aus</translation>
    </message>
    <message>
      <source>V2G root</source>
      <translation>V2G-Wurzel</translation>
    </message>
    <message>
      <source>Wait for a better price</source>
      <translation>Auf besseren Preis warten</translation>
    </message>
    <message>
      <source>Wait for the sun</source>
      <translation>Auf Sonne warten</translation>
    </message>
    <message>
      <source>Waiting for the car to charge …</source>
      <translation>Wartet, dass das Auto lädt …</translation>
    </message>
    <message>
      <source>Waiting for the first plan; it comes within a minute.</source>
      <translation>Wartet auf den ersten Plan; er kommt binnen einer Minute.</translation>
    </message>
    <message>
      <source>Waiting for the sun: the roof gives too little for the car now.</source>
      <translation>Wartet auf Sonne: Das Dach gibt gerade zu wenig für das Auto.</translation>
    </message>
    <message>
      <source>Waiting until {until_s}: a kWh from the car then earns {later_price_eur_per_kwh}, and {now_price_eur_per_kwh} until then.</source>
      <translation>Wartet bis {until_s}: Eine kWh aus dem Auto bringt dann {later_price_eur_per_kwh}, bis dahin {now_price_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>Waiting until {until_s}: the car then charges at {price_eur_per_kwh}, and the grid costs {now_price_eur_per_kwh} until then.</source>
      <translation>Wartet bis {until_s}: Dann lädt das Auto für {price_eur_per_kwh}; bis dahin kostet Netzstrom {now_price_eur_per_kwh}.</translation>
    </message>
    <message>
      <source>Waiting until {until_s}: the price is better then.</source>
      <translation>Wartet bis {until_s}: Dann ist der Preis besser.</translation>
    </message>
    <message>
      <source>Waiting: the car charges later, at a better price.</source>
      <translation>Wartet: Das Auto lädt später, zu einem besseren Preis.</translation>
    </message>
    <message>
      <source>Way</source>
      <translation>Richtung</translation>
    </message>
    <message>
      <source>Weighs good days against bad ones.</source>
      <translation>Wägt gute Tage gegen schlechte ab.</translation>
    </message>
    <message>
      <source>Welcome</source>
      <translation>Willkommen</translation>
    </message>
    <message>
      <source>What the car keeps and gives</source>
      <translation>Was das Auto behält und gibt</translation>
    </message>
    <message>
      <source>What the grid emits is not known for these days: it is left out.</source>
      <translation>Was das Netz an diesen Tagen ausstößt, ist nicht bekannt: Es bleibt außer Acht.</translation>
    </message>
    <message>
      <source>When</source>
      <translation>Wann</translation>
    </message>
    <message>
      <source>When your utility asks for help, for instance to feed the grid on a cold evening, it shows here: what it asks, what your home delivered, what it earned, and how to opt out. A utility is linked on the installer's page.</source>
      <translation>Wenn Ihr Versorger um Hilfe bittet, etwa an einem kalten Abend einzuspeisen, steht es hier: was er fordert, was Ihr Haus geliefert hat, was es verdient hat und wie man aussteigt. Ein Versorger wird auf der Installationsseite verbunden.</translation>
    </message>
    <message>
      <source>Why</source>
      <translation>Warum</translation>
    </message>
    <message>
      <source>Why?</source>
      <translation>Warum?</translation>
    </message>
    <message>
      <source>Written; the old one is kept beside it. It holds after a restart of the engine.</source>
      <translation>Geschrieben; die alte Datei liegt daneben. Es gilt nach einem Neustart der Engine.</translation>
    </message>
    <message>
      <source>Wrong {number} times: wait half a minute.</source>
      <translation>{number}-mal falsch: bitte eine halbe Minute warten.</translation>
    </message>
    <message>
      <source>Year</source>
      <translation>Jahr</translation>
    </message>
    <message>
      <source>You can stop at any step and go on another day: what is done stays done.</source>
      <translation>Sie können jederzeit aufhören und später weitermachen: Was erledigt ist, bleibt erledigt.</translation>
    </message>
    <message>
      <source>You opted out of this event.</source>
      <translation>Sie sind aus diesem Ereignis ausgestiegen.</translation>
    </message>
    <message>
      <source>Your home takes part again.</source>
      <translation>Ihr Haus macht wieder mit.</translation>
    </message>
    <message>
      <source>Your home will not take part in this event.</source>
      <translation>Ihr Haus nimmt an diesem Ereignis nicht teil.</translation>
    </message>
    <message>
      <source>Your house's own days are too few yet: a typical household is assumed.</source>
      <translation>Ihr Haus hat noch zu wenige eigene Tage: Ein typischer Haushalt wird angenommen.</translation>
    </message>
    <message>
      <source>Your roof's own days are too few yet: typical days of the season are assumed.</source>
      <translation>Ihr Dach hat noch zu wenige eigene Tage: Typische Tage der Jahreszeit werden angenommen.</translation>
    </message>
    <message>
      <source>active now</source>
      <translation>jetzt aktiv</translation>
    </message>
    <message>
      <source>answered in {seconds} s</source>
      <translation>in {seconds} s beantwortet</translation>
    </message>
    <message>
      <source>as long as power is cheap</source>
      <translation>solange der Strom günstig ist</translation>
    </message>
    <message>
      <source>at least {number} digits</source>
      <translation>mindestens {number} Ziffern</translation>
    </message>
    <message>
      <source>available {share} of the time</source>
      <translation>{share} der Zeit verfügbar</translation>
    </message>
    <message>
      <source>beyond the limit for {seconds} s</source>
      <translation>{seconds} s lang daneben</translation>
    </message>
    <message>
      <source>broken off</source>
      <translation>abgebrochen</translation>
    </message>
    <message>
      <source>by contract (Plug &amp; Charge)</source>
      <translation>durch Vertrag (Plug &amp; Charge)</translation>
    </message>
    <message>
      <source>by the home (EIM)</source>
      <translation>durch das Haus (EIM)</translation>
    </message>
    <message>
      <source>cancelled</source>
      <translation>abgesagt</translation>
    </message>
    <message>
      <source>charges with {power}</source>
      <translation>lädt mit {power}</translation>
    </message>
    <message>
      <source>closed</source>
      <translation>geschlossen</translation>
    </message>
    <message>
      <source>coming</source>
      <translation>kommt</translation>
    </message>
    <message>
      <source>does not work</source>
      <translation>gestört</translation>
    </message>
    <message>
      <source>done</source>
      <translation>erledigt</translation>
    </message>
    <message>
      <source>ended in order</source>
      <translation>ordentlich beendet</translation>
    </message>
    <message>
      <source>feeds with {power}</source>
      <translation>speist mit {power}</translation>
    </message>
    <message>
      <source>from {start}</source>
      <translation>ab {start}</translation>
    </message>
    <message>
      <source>in</source>
      <translation>ein</translation>
    </message>
    <message>
      <source>it costs the same</source>
      <translation>es kostet gleich viel</translation>
    </message>
    <message>
      <source>it costs {amount} less</source>
      <translation>es kostet {amount} weniger</translation>
    </message>
    <message>
      <source>it costs {amount} more</source>
      <translation>es kostet {amount} mehr</translation>
    </message>
    <message>
      <source>laboratory switch</source>
      <translation>Laborschalter</translation>
    </message>
    <message>
      <source>more than without V2G</source>
      <translation>mehr als ohne V2G</translation>
    </message>
    <message>
      <source>more than without V2G, so far</source>
      <translation>mehr als ohne V2G, bisher</translation>
    </message>
    <message>
      <source>needs a look</source>
      <translation>bitte ansehen</translation>
    </message>
    <message>
      <source>no end</source>
      <translation>ohne Ende</translation>
    </message>
    <message>
      <source>none (IEC 61851)</source>
      <translation>keine (IEC 61851)</translation>
    </message>
    <message>
      <source>not encrypted</source>
      <translation>nicht verschlüsselt</translation>
    </message>
    <message>
      <source>not followed</source>
      <translation>nicht befolgt</translation>
    </message>
    <message>
      <source>not part of this home</source>
      <translation>nicht in diesem Haus</translation>
    </message>
    <message>
      <source>now</source>
      <translation>jetzt</translation>
    </message>
    <message>
      <source>now, until it is cancelled</source>
      <translation>jetzt, bis zur Absage</translation>
    </message>
    <message>
      <source>now, until {time}</source>
      <translation>jetzt, bis {time}</translation>
    </message>
    <message>
      <source>off</source>
      <translation>aus</translation>
    </message>
    <message>
      <source>one phase</source>
      <translation>eine Phase</translation>
    </message>
    <message>
      <source>open</source>
      <translation>offen</translation>
    </message>
    <message>
      <source>opted out</source>
      <translation>ausgestiegen</translation>
    </message>
    <message>
      <source>out</source>
      <translation>aus</translation>
    </message>
    <message>
      <source>paused</source>
      <translation>pausiert</translation>
    </message>
    <message>
      <source>planned until {time}</source>
      <translation>geplant bis {time}</translation>
    </message>
    <message>
      <source>rests</source>
      <translation>ruht</translation>
    </message>
    <message>
      <source>runs</source>
      <translation>läuft</translation>
    </message>
    <message>
      <source>saved against a home without V2G</source>
      <translation>gespart gegenüber ohne V2G</translation>
    </message>
    <message>
      <source>saved {money}</source>
      <translation>gespart {money}</translation>
    </message>
    <message>
      <source>since {time}</source>
      <translation>seit {time}</translation>
    </message>
    <message>
      <source>starting</source>
      <translation>startet</translation>
    </message>
    <message>
      <source>this session only charges</source>
      <translation>dieser Vorgang lädt nur</translation>
    </message>
    <message>
      <source>three phases</source>
      <translation>drei Phasen</translation>
    </message>
    <message>
      <source>to do</source>
      <translation>offen</translation>
    </message>
    <message>
      <source>today</source>
      <translation>heute</translation>
    </message>
    <message>
      <source>tomorrow {time}</source>
      <translation>morgen {time}</translation>
    </message>
    <message>
      <source>until {day}</source>
      <translation>bis {day}</translation>
    </message>
    <message>
      <source>until {time}</source>
      <translation>bis {time}</translation>
    </message>
    <message>
      <source>until {time}, if you started it</source>
      <translation>bis {time}, falls gestartet</translation>
    </message>
    <message>
      <source>with</source>
      <translation>mit</translation>
    </message>
    <message>
      <source>with {soc}</source>
      <translation>mit {soc}</translation>
    </message>
    <message>
      <source>works</source>
      <translation>in Ordnung</translation>
    </message>
    <message>
      <source>yesterday {time}</source>
      <translation>gestern {time}</translation>
    </message>
    <message>
      <source>you opted out</source>
      <translation>ausgestiegen</translation>
    </message>
    <message>
      <source>{amount} less than without V2G</source>
      <translation>{amount} weniger als ohne V2G</translation>
    </message>
    <message>
      <source>{amount} more than without V2G</source>
      <translation>{amount} mehr als ohne V2G</translation>
    </message>
    <message>
      <source>{count} bars, {energy} in all. Left and right read them.</source>
      <translation>{count} Balken, zusammen {energy}. Links und rechts lesen sie vor.</translation>
    </message>
    <message>
      <source>{done} of {all}</source>
      <translation>{done} von {all}</translation>
    </message>
    <message>
      <source>{done} of {all} steps done.</source>
      <translation>{done} von {all} Schritten erledigt.</translation>
    </message>
    <message>
      <source>{energy} short: the car will have {soc}.</source>
      <translation>{energy} fehlen: Das Auto wird {soc} haben.</translation>
    </message>
    <message>
      <source>{name} does not work</source>
      <translation>{name} ist gestört</translation>
    </message>
    <message>
      <source>{name} is left out of the plan: it does not tell its temperature.</source>
      <translation>{name} fehlt im Plan: Die Temperatur wird nicht gemeldet.</translation>
    </message>
    <message>
      <source>{name} is left out of the plan: it tells no charge or takes no orders.</source>
      <translation>{name} fehlt im Plan: meldet keinen Ladestand oder nimmt keine Befehle an.</translation>
    </message>
    <message>
      <source>{name} keeps for a blackout</source>
      <translation>{name} hält für einen Stromausfall</translation>
    </message>
    <message>
      <source>{name} {time}: {planned} instead of {wanted}.</source>
      <translation>{name} {time}: {planned} statt {wanted}.</translation>
    </message>
    <message>
      <source>{name}: charge kept for a blackout</source>
      <translation>{name}: Ladung für einen Stromausfall</translation>
    </message>
    <message>
      <source>{name}: not today</source>
      <translation>{name}: heute nicht</translation>
    </message>
    <message>
      <source>{phase} fell while the load came on: turn its clamp round.</source>
      <translation>{phase} fiel, als der Verbraucher anging: seinen Stromwandler umdrehen.</translation>
    </message>
    <message>
      <source>{share} of what was asked</source>
      <translation>{share} des Verlangten</translation>
    </message>
    <message>
      <source>{soc} are kept for a blackout.</source>
      <translation>{soc} bleiben für einen Stromausfall.</translation>
    </message>
    <message>
      <source>{start} to {end}</source>
      <translation>{start} bis {end}</translation>
    </message>
    <message>
      <source>{time}, {ago} ago</source>
      <translation>{time}, vor {ago}</translation>
    </message>
    <message>
      <source>{when}. You may opt out.</source>
      <translation>{when}. Sie können aussteigen.</translation>
    </message>
  </context>
</TS>
